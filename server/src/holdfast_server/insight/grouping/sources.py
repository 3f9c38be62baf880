"""Names of files, modules and functions, without what changes from one deployment, build or machine to the next."""

import re
from functools import lru_cache

from holdfast_server.model.paths import is_id

NAME_MAX = 500
REMEMBERED = 8_192

SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/*|[A-Za-z]:/+|//")
WITHOUT_HOST = frozenset(
    {"file", "webpack", "webpack-internal", "app", "ng", "node", "rsc", "turbopack", "safari-web-extension"}
)
ROOT = re.compile(
    r".*/(?:site-packages|dist-packages|node_modules|current)/"
    r"|.*/lib(?:64)?/python\d+(?:\.\d+)?/"
    r"|.*/releases/[^/]+/"
    r"|/(?:home|Users)/[^/]+/"
    r"|/(?:usr/src/app|usr/src|var/www/html|var/www|var/task|srv|app|code|workspace|workspaces|opt|root|tmp|mnt|data)/"
)
"""Where code is put, not what it is."""
SCRIPT = re.compile(r"\.(?:[cm]?jsx?|tsx?|vue|svelte|bundle|jsbundle)$", re.IGNORECASE)
EXTENSION = re.compile(r"\.(?:pyc?|rb|php|java|kt|scala|go|rs|cs|fs|swift|dart|html?)$", re.IGNORECASE)
VERSION = re.compile(r"v?\d+(?:\.\d+)+(?:[-+][\w.]+)?")
PARTS = re.compile(r"[.\-_~]")
URL_SAFE_TAIL = re.compile(r"(.+)[.-](?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?=[\w-]*\d)([A-Za-z0-9_-]{8})")
"""Vite's hashes: eight signs of base64, dash and underscore among them."""
HEX = re.compile(r"[0-9a-f]{6,}", re.IGNORECASE)
APART = re.compile(r"\d\D+\d")

OUTSIDE = re.compile(
    r"(?:^|/)node_modules/|/bower_components/|/site-packages/|/dist-packages/|/lib(?:64)?/python\d|(?:^|/)vendor/"
    r"|/vendors?[~.\-]|/chunk-vendors\.|/polyfills?[.\-]|/runtime[.~\-][\w.~-]{8,80}\.js|/webpack/(?:bootstrap|runtime)"
    r"|/_next/static/chunks/(?:framework|webpack|main(?:-app)?)-|/_buildManifest\.js|^node:|^internal/|^native$"
    r"|^\[native code\]$|^<|^index \d|extension://|/gems/|/lib/ruby/|/go/pkg/mod/|/usr/local/go/|/usr/lib/go|/libexec/src/"
    r"|//(?:deno\.land|esm\.sh|unpkg\.com|cdn\.jsdelivr\.net|cdnjs\.cloudflare\.com|www\.googletagmanager\.com|connect\.facebook\.net"
    r"|js\.stripe\.com|www\.google-analytics\.com|maps\.googleapis\.com)/"
    r"|/rustc/|/\.cargo/registry/|/toolchains/|^dart:|^package:(?:flutter|dio|http|bloc|provider)/"
    r"|^(?:[\w.@-]{1,60}/{1,2})?(?:java|javax|jakarta|sun|jdk|kotlin|kotlinx|scala|android|androidx|dalvik|reactor|akka|okhttp3"
    r"|retrofit2|com\.(?:sun|fasterxml|zaxxer|android|mysql|google\.common)|io\.(?:netty|ktor|vertx|undertow|quarkus|micronaut|reactivex)"
    r"|org\.(?:springframework|apache|hibernate|eclipse|jboss|postgresql|junit|aspectj|glassfish|jetbrains|graalvm)|com\.oracle)\."
    r"|^(?:System|Microsoft|Npgsql|Newtonsoft|MediatR|Dapper|Polly|Castle|Grpc|StackExchange)\.",
)
"""Code that the application only uses."""


def normalise_module(module: str, filename: str) -> str:
    """What the client calls the module; without a name of its own, the file. A path in either is cleaned."""
    if module and "/" not in module:
        return module[:NAME_MAX]
    return module_of((module or filename)[:NAME_MAX])


@lru_cache(maxsize=REMEMBERED)
def module_of(filename: str) -> str:
    """`https://shop.example/assets/app.3f2a91bc.js` → `assets/app`; `/srv/releases/42/shop/cart.py` → `shop/cart`."""
    text = re.split(r"[?#]", filename.replace("\\", "/"), maxsplit=1)[0]
    text = without_host(text)
    if "./" in text:
        text = re.split(r"(?:^|/)\./", text)[-1]
    if root := ROOT.match(text):
        text = text[root.end() :]
    *folders, name = [part for part in text.split("/") if part not in ("", ".", "..")] or [""]
    cleaned = ["*" if is_id(folder) or VERSION.fullmatch(folder) else folder for folder in folders]
    return "/".join([*cleaned, stem_of(name)])


@lru_cache(maxsize=REMEMBERED)
def is_built(filename: str) -> bool:
    """Whether a bundler wrote this script: its name has a hash, or it says so."""
    text = filename.partition("?")[0]
    name = text.replace("\\", "/").rpartition("/")[2]
    script = SCRIPT.search(name)
    if script is None:
        return False
    stem = SCRIPT.sub("", name[: script.start()] or name)
    return name.endswith((".min.js", ".bundle.js")) or "/_next/static/" in text or stem_of(name) != stem


def without_host(text: str) -> str:
    found = SCHEME.match(text)
    if found is None:
        return text
    rest = text[found.end() :]
    scheme = (found[1] or "").lower()
    if (
        found[0].endswith("/")
        and not (found[0][0].isalpha() and len(found[0].split(":")[0]) == 1)
        and scheme not in WITHOUT_HOST
    ):
        rest = rest.partition("/")[2]
    return "/" + rest


def stem_of(name: str) -> str:
    """The file's name without its ending and, for scripts, without the hash that a bundler put in."""
    script = SCRIPT.search(name)
    if script is None:
        stem = EXTENSION.sub("", name)
        page = "." not in name and is_id(name)  # a script within the page of an order
        return "*" if page or (len(stem) >= 16 and HEX.fullmatch(stem)) else stem
    stem = SCRIPT.sub("", name[: script.start()] or name)
    if tail := URL_SAFE_TAIL.fullmatch(stem):
        stem = tail[1]
    parts = PARTS.split(stem)
    kept = [part for index, part in enumerate(parts) if not is_hash(part, parts, index)]
    return stem if len(kept) == len(parts) else "-".join(kept) or "*"


def is_hash(part: str, parts: list[str], index: int) -> bool:
    """Made by a bundler, not by a person: looked at with its neighbours, as `chunk-ABCD` shows."""
    digits = sum(char.isdigit() for char in part)
    capitals = sum(char.isupper() for char in part)
    small = sum(char.islower() for char in part)
    if digits == len(part):
        others = [other for place, other in enumerate(parts) if place != index]
        return digits >= 3 or all(other in ("chunk", "bundle", "min", "") for other in others)
    if index and parts[index - 1] == "chunk" and len(part) >= 4 and not small:
        return True
    if digits and HEX.fullmatch(part):
        return True
    if len(part) < 8:
        return bool(digits and capitals and not small and len(part) >= 6)
    if digits:
        return bool(capitals) or APART.search(part) is not None or digits >= 4
    inner_capital = any(char.isupper() for char in part[1:])
    return index > 0 and len(part) == 8 and inner_capital


@lru_cache(maxsize=REMEMBERED)
def is_in_app(filename: str) -> bool:
    """Whether a person of this project is likely to have written the file."""
    text = filename[:NAME_MAX].replace("\\", "/")
    return bool(text) and OUTSIDE.search(text) is None
