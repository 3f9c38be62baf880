"""Paths as templates: `/orders/8841?x=1` becomes `/orders/[id]`, so that pages and endpoints can be counted.

Pure text in, bounded text out; never fails. Callers remember the answers.
"""

import re
from urllib.parse import unquote

ID = "[id]"
REST = "[rest]"
INPUT_MAX = 2048
LENGTH_MAX = 200
SEGMENTS_MAX = 12
SEGMENT_MAX = 64

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
WITHOUT_PATH = ("data:", "blob:", "javascript:", "mailto:", "tel:", "sms:")
PART = re.compile(r"[-_.~:,@+= ]+")
UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
HEX = re.compile(r"[0-9a-f]{8,}", re.IGNORECASE)
FOUR_DIGITS = re.compile(r"[0-9]{4}")
EMAIL = re.compile(r"[^@]+@[^@]+\.[^@]+")


def route_of(page: str) -> str:
    """The path template of a URL or path: no host, query or fragment; what looks like an id is `[id]`."""
    text = page[:INPUT_MAX].strip()
    scheme = SCHEME.match(text)
    if scheme and scheme[0].lower() in WITHOUT_PATH:
        return scheme[0].lower()
    return template(path_of(text))


def sanitise_url(url: str) -> str:
    """Scheme and host as they are, the path as its template; without login, query and fragment."""
    text = url[:INPUT_MAX].strip()
    scheme = SCHEME.match(text)
    if scheme and scheme[0].lower() in WITHOUT_PATH:
        return scheme[0].lower()
    rest = text[scheme.end() :] if scheme else text
    if not rest.startswith("//"):
        return template(path_of(text))
    host = re.split(r"[/?#\\]", rest[2:], maxsplit=1)[0].rsplit("@", 1)[-1]
    return f"{scheme[0].lower() if scheme else ''}//{host[:253]}{template(path_of(text))}"


def path_of(text: str) -> str:
    scheme = SCHEME.match(text)
    after = text[scheme.end() :] if scheme else text
    if after.startswith("//"):
        host_end = re.search(r"[/?#\\]", after[2:])
        text = after[2 + host_end.start() :] if host_end else "/"
    path = re.split(r"[?#]", text, maxsplit=1)[0].replace("\\", "/")
    return path if path or not text else "/"


def template(path: str) -> str:
    plain = (segment.split(";", 1)[0].strip() for segment in path.split("/"))
    segments = [judge(segment) for segment in plain if segment]
    absolute = "/" if path.startswith("/") else ""
    kept: list[str] = []
    length = len(absolute)
    for segment in segments:
        length += len(segment) + 1
        if len(kept) == SEGMENTS_MAX or length > LENGTH_MAX - len(REST):
            kept.append(REST)
            break
        kept.append(segment)
    return absolute + "/".join(kept)


def judge(segment: str) -> str:
    plain = unquote(segment).strip()
    return ID if len(segment) > SEGMENT_MAX or is_id(plain) else segment


def is_id(segment: str) -> bool:
    if UUID.fullmatch(segment) or EMAIL.fullmatch(segment):
        return True
    parts = PART.split(segment)
    if any(part.isdigit() and (len(part) >= 3 or part == segment) for part in parts):
        return True
    return any(is_random(part) for part in parts) or is_random(segment)


def is_random(part: str) -> bool:
    """Made by a machine: hexadecimal, many digits beside letters, or capitals where no word would have them."""
    digits = sum(char.isdigit() for char in part)
    if HEX.fullmatch(part) and (digits or len(part) >= 16):
        return True
    if digits and part.isalnum() and FOUR_DIGITS.search(part):
        return True
    if len(part) >= 10 and digits >= 3:
        return True
    capitals = sum(char.isupper() for char in part)
    mixed = 4 <= capitals <= len(part) - 4 and len(part) / (capitals + 1) < 3.2
    return len(part) >= 16 and (digits >= 2 or mixed)
