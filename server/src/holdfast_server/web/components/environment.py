"""The Jinja environment of the pages: autoescaped, strict about names, with the icons, assets and formats they use.

Built once at start. Refuses to build when the committed assets are missing, and a template that names an icon or asset
that does not exist fails when it is rendered, not in the reader's browser.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ...errors import CannotStart
from ...model.clock import iso
from . import format as formats
from .shell import RANGES

WEB = Path(__file__).parent.parent
DIST = WEB / "static" / "dist"
"""Every file here but `manifest.json` has its content's hash in its name and may be cached for ever."""


def build_environment(
    *,
    now_ms: Callable[[], int],
    static_url: str = "/static",
    dist: Path = DIST,
    roots: tuple[Path, ...] = (WEB,),
) -> Environment:
    """`static_url` is where `web/static` is served; template names start at `roots` (`pages/base.html`)."""
    assets = _read_assets(dist)
    environment = Environment(
        loader=FileSystemLoader(roots),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    environment.policies["json.dumps_function"] = _dumps
    environment.policies["json.dumps_kwargs"] = {}
    environment.filters |= {
        "count": formats.humanise_count,
        "exact": formats.exact_count,
        "ms": formats.humanise_ms,
        "percent": formats.percent,
        "iso": iso,
        "absolute": formats.absolute_time,
        "sentence": _sentence,
    }
    environment.globals |= {
        "asset": partial(_asset_url, f"{static_url}/dist", assets.names),
        "build": assets.build,
        "icon": partial(_icon, frozenset(re.findall(r'id="i-([a-z0-9-]+)"', assets.sprite))),
        "icon_sprite": Markup(assets.sprite),  # noqa: S704 - our own committed file
        "ago": lambda at_ms: formats.relative_time(at_ms, now_ms()),
        "quantity": formats.quantity,
        "compare": formats.compare,
        "ranges": RANGES,
    }
    return environment


class _Assets(msgspec.Struct, frozen=True):
    names: Mapping[str, str]
    build: str
    sprite: str


class _Manifest(msgspec.Struct, frozen=True):
    build: str
    files: dict[str, str]


def _read_assets(dist: Path) -> _Assets:
    try:
        manifest = msgspec.json.decode((dist / "manifest.json").read_bytes(), type=_Manifest)
        sprite = (dist / manifest.files["icons.svg"]).read_text(encoding="utf-8")
    except (OSError, KeyError, msgspec.DecodeError) as exc:
        hint = "run `npm ci && npm run build` in server/web-assets, or install the released package again"
        raise CannotStart(f"the web assets in {dist} can't be read: {exc}", hint=hint) from exc
    return _Assets(manifest.files, manifest.build, sprite)


def _asset_url(base: str, names: Mapping[str, str], name: str) -> str:
    return f"{base}/{names[name]}"


def _icon(known: frozenset[str], name: str, label: str = "") -> Markup:
    """An icon of the page's sprite: hidden from screen readers unless `label` says what it means."""
    if name not in known:
        raise LookupError(f"there is no icon {name!r}: add it to web-assets/src/icons.json and build")
    speech = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="hf-icon" {} focusable="false"><use href="#i-{}"></use></svg>').format(
        speech, name
    )


def _sentence(text: str) -> str:
    """An error's message as a sentence: a capital and a full stop."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?")) else ".") if text else ""


def _dumps(value: object) -> str:
    """JSON for `|tojson`; msgspec knows Structs and dataclasses, and writes NaN as null."""
    return msgspec.json.encode(value).decode()
