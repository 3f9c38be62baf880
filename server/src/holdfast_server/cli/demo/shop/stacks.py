"""Stacks as the engines print them: Chrome's, Firefox' and Safari's, and Python's tracebacks, from the same few frames."""

from zlib import crc32

from .visitors import Engine

SITE = "https://www.cornershop.example"
VENDOR_FRAMES = (
    "commitHookEffectListMount vendor.js:1",
    "flushPassiveEffects vendor.js:1",
    "performWorkUntilDeadline vendor.js:1",
)
PACKAGES = "/app/.venv/lib/python3.12/site-packages/"
PYTHON_FRAMES = (
    f"{PACKAGES}starlette/routing.py:73 app | response = await f(request)",
    f"{PACKAGES}fastapi/routing.py:214 run_endpoint_function | return await dependant.call(**values)",
)
DIRECT_CAUSE = "The above exception was the direct cause of the following exception:"
JOB_FRAMES = (f"{PACKAGES}celery/app/trace.py:453 trace_task | R = retval = fun(*args, **kwargs)",)


def asset(file: str, release: str) -> str:
    """A bundle's address: its hash changes with each release, as bundlers do it."""
    stem, _, ending = file.partition(".")
    return f"{SITE}/assets/{stem}-{crc32(f'{file} {release}'.encode()):08x}.{ending}"


def javascript(engine: Engine, error_type: str, message: str, frames: tuple[str, ...], release: str) -> str:
    """Frames are `function file:line`; the column moves a little from release to release."""
    lines = [f"{error_type}: {message}"] if engine == "v8" else []
    for frame in (*frames, *VENDOR_FRAMES):
        function, _, place = frame.partition(" ")
        file, _, line = place.partition(":")
        column = 1_000 + crc32(f"{function} {release}".encode()) % 60_000
        where = f"{asset(file, release)}:{line}:{column}"
        lines.append(f"    at {function} ({where})" if engine == "v8" else f"{function}@{where}")
    return "\n".join(lines)


def python(
    error_type: str, message: str, frames: tuple[str, ...], *, job: bool, cause: tuple[str, ...] = ()
) -> str:
    """Frames are `file:line function | source`; `cause` is an error's last line and its frames."""
    own = traceback((*(JOB_FRAMES if job else PYTHON_FRAMES), *frames), f"{error_type}: {message}")
    return f"{traceback(cause[1:], cause[0])}\n\n{DIRECT_CAUSE}\n\n{own}" if cause else own


def traceback(frames: tuple[str, ...], ending: str) -> str:
    lines = ["Traceback (most recent call last):"]
    for frame in frames:
        place, _, source = frame.partition(" | ")
        where, _, function = place.partition(" ")
        file, _, line = where.rpartition(":")
        lines += [
            f'  File "{file if file.startswith("/") else f"/app/{file}"}", line {line}, in {function}',
            f"    {source}",
        ]
    return "\n".join([*lines, ending])
