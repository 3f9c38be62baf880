"""Where a script is: the names under which the file of a frame may have been uploaded, and where its map is beside it.

`~/assets/app.js` stands for that path on any host. Text in, bounded text out; hostile text gives names nobody uploaded.
"""

import re
from urllib.parse import unquote, urljoin, urlsplit

LONGEST = 500
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
NOT_OURS = re.compile(
    r"(?:chrome|moz|safari(?:-web)?|webkit-masked|ms-browser)-extension:|node:|native\b|internal/|<|\[native|about:|data:|blob:",
    re.IGNORECASE,
)
"""Code that no build of ours made: extensions, the engine's own, evaluated text."""
SCRIPT = re.compile(
    r"\.(?:m?js|cjs|jsx|tsx?|mts|cts|jsbundle|bundle|wasm|vue|svelte)(?:$|[?#:])", re.IGNORECASE
)


def is_script(address: str, has_column: bool) -> bool:
    """Whether a frame at `address` is JavaScript that a map may exist for. Other languages tell no column."""
    if not address or not has_column or NOT_OURS.match(address):
        return False
    return bool(SCRIPT.search(address)) or address.startswith(("http://", "https://", "app://"))


def candidates(address: str) -> list[str]:
    """The names to look for, the most exact first: the whole address, then `~` and its path; with and without query."""
    whole = address[: LONGEST * 2]
    bare = re.split(r"[?#]", whole, maxsplit=1)[0]
    names = [whole, bare]
    for form in (whole.partition("#")[0], bare):
        path = path_of(form)
        names += ["~/" + path, "~/" + unquote(path)]
    return list(dict.fromkeys(name for name in names if name and len(name) <= LONGEST))


def path_of(address: str) -> str:
    """The address without scheme and host, without its first slash."""
    if address.startswith("~/"):
        return address[2:]
    text = address.replace("\\", "/")
    scheme = SCHEME.match(text)
    # C:/app/x.js is a path, and a scheme of one letter is none
    if scheme and len(scheme[0]) > 2:
        text = text[scheme.end() :]
        if text.startswith("//"):
            text = text[2:].partition("/")[2]
    elif scheme:
        text = text[scheme.end() :]
    return text.lstrip("/")


def beside(script: str, reference: str) -> list[str]:
    """The names of the map that a script at `script` refers to; a map that is named nowhere may lie beside it."""
    names = [joined(script, reference)] if reference else []
    bare = re.split(r"[?#]", script, maxsplit=1)[0]
    names.append(bare + ".map")
    return list(
        dict.fromkeys(
            form for name in names for form in (name, *candidates(name)) if 0 < len(form) <= LONGEST
        )
    )


def joined(base: str, reference: str) -> str:
    """`reference` as seen from the file `base`; a reference that is no address comes back as it is."""
    if len(reference) > LONGEST:
        return ""
    if reference.startswith("~/"):
        return reference
    try:
        if base.startswith("~/") and not SCHEME.match(reference):
            return "~/" + urlsplit(urljoin("http://host/" + base[2:], reference)).path.lstrip("/")
        return urljoin(base, reference)
    except ValueError:
        return reference
