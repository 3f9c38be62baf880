"""What the handler does to an event: an id, no people, no secrets, no more bytes than are kept."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.errors import BadInput, TooLarge
from holdfast_server.ingest.decode.sentry import report_of_sentry
from holdfast_server.ingest.scrub import Scrubber, pseudonym
from holdfast_server.ingest.sentry_event import EventCleaner, People
from holdfast_server.model.limits import KEPT_SENTRY_EVENT_BYTES, MAX_SENTRY_EVENT_BYTES

SALT = b"salt"
SCRUBBER = Scrubber()
ID = "9ec79c33ec9942ab8353589fcb2e04dc"


def identity(value: str) -> str:
    return value if SCRUBBER.scrub_text(value) == value else pseudonym(value, SALT)


CLEANER = EventCleaner(SCRUBBER, People(identity, SALT))


def kept(event: dict[str, Any], **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(CLEANER.prepare(json.dumps(event).encode(), **more).body)
    return found


def test_clean_is_untouched() -> None:
    """An event with nothing personal in it is kept byte for byte."""
    body = (
        b'{"event_id":"%s", "user": {"id": "u-1", "segment": "gold"},"message":"gr\xc3\xbc\xc3\x9fe"}'
        % ID.encode()
    )
    assert CLEANER.prepare(body) == (ID, body)


@pytest.mark.parametrize("sent", ["9EC79C33-EC99-42AB-8353-589FCB2E04DC", ID.upper()])
def test_one_form_of_ids(sent: str) -> None:
    """Dashes and capitals go."""
    assert CLEANER.prepare(json.dumps({"event_id": sent}).encode()).event_id == ID
    assert kept({"event_id": sent})["event_id"] == ID


@pytest.mark.parametrize("sent", [{}, {"event_id": None}, {"event_id": "x"}, {"event_id": 7}])
def test_without_an_id(sent: dict[str, Any]) -> None:
    """The envelope's id stands in, else a new one, and the event holds what was answered."""
    assert kept(sent, event_id=ID)["event_id"] == ID
    made = CLEANER.prepare(json.dumps(sent).encode())
    assert len(made.event_id) == 32
    assert json.loads(made.body)["event_id"] == made.event_id


@pytest.mark.parametrize(
    "personal",
    [{"email": "jo@example.org"}, {"username": "jo"}, {"ip_address": "10.0.0.7"}, {"id": "jo@example.org"}],
)
def test_people_count_and_are_not_named(personal: dict[str, str]) -> None:
    """Who is only known by something personal gets a pseudonym, always the same one."""
    value = next(iter(personal.values()))
    user = kept({"user": personal | {"segment": "gold"}})["user"]
    assert user == {"id": pseudonym(value, SALT), "segment": "gold"}


def test_an_id_wins() -> None:
    """An application's own id stays; the rest of the person goes."""
    sent = {
        "id": 7,
        "email": "jo@example.org",
        "username": "jo",
        "name": "Jo",
        "ip_address": "10.0.0.7",
        "geo": {"city": "Ulm"},
    }
    assert kept({"user": sent})["user"] == {"id": "7", "geo": {"city": "Ulm"}}


def test_automatic_address() -> None:
    """Browsers ask for their address to be put in: there is none."""
    assert kept({"user": {"ip_address": "{{auto}}"}})["user"] == {}


def test_secrets() -> None:
    """Listed names and patterns are replaced wherever they stand; ids survive."""
    digits = "4" + "1" * 31
    sent = {
        "event_id": digits,
        "message": "mail to jo@example.org",
        "request": {"headers": {"Cookie": "a=b", "Accept": "x"}},
        "exception": {"values": [{"stacktrace": {"frames": [{"vars": {"password": "p", "n": "1"}}]}}]},
        "user": {"id": "u-1", "email": "jo@example.org"},
    }
    found = kept(sent)
    assert "jo@example.org" not in json.dumps(found)
    assert found["request"]["headers"] == {"Cookie": "[REDACTED]", "Accept": "x"}
    assert found["exception"]["values"][0]["stacktrace"]["frames"][0]["vars"] == {
        "password": "[REDACTED]",
        "n": "1",
    }
    assert (found["event_id"], found["user"]) == (digits, {"id": "u-1"})


FILES = [{"name": "a.log", "type": "text/plain", "size": 3, "sha256": "0" * 64}]


def test_attachments_are_named_in_the_event() -> None:
    """The drainer finds the event's files in it."""
    for body in (b"{}", b' { "message": "m" } ', b'{"message":"m"}\n'):
        made = CLEANER.prepare(body, ID, FILES)
        assert report_of_sentry(made.body).files == FILES


@pytest.mark.parametrize("name", ["_holdfast", "_hold\\u0066ast"])
def test_nobody_else_names_files(name: str) -> None:
    """An event that names files itself, to read those of another project, names none."""
    body = f'{{"event_id":"{ID}","{name}":{json.dumps({"files": FILES})}}}'.encode()
    assert report_of_sentry(CLEANER.prepare(body).body).files == []
    dirty = body.replace(b'"event_id"', b'"password":"x","event_id"')
    assert report_of_sentry(CLEANER.prepare(dirty).body).files == []


@pytest.mark.parametrize("body", [b"", b"[]", b"nothing", b'"x"', b"7", b"{", b'{"a":}', b"{}{}"])
def test_no_event(body: bytes) -> None:
    """What is no JSON object is refused."""
    with pytest.raises(BadInput):
        CLEANER.prepare(body)


def test_too_large() -> None:
    """Beyond the protocol's limit an event is refused, below it is cut."""
    with pytest.raises(TooLarge):
        CLEANER.prepare(b'{"a":"' + b"x" * MAX_SENTRY_EVENT_BYTES + b'"}')
    made = CLEANER.prepare(json.dumps({"message": "m", "extra": ["x" * 1_000] * 3_000}).encode())
    assert len(made.body) < KEPT_SENTRY_EVENT_BYTES + 200
    assert report_of_sentry(made.body).message == "m"


def test_large_and_dirty() -> None:
    """What has to be walked is cut first, and clean afterwards."""
    sent = {"message": "m", "extra": {f"k{n}": "call +49 30 1234567 " * 100 for n in range(100)}}
    assert "1234567" not in json.dumps(kept(sent))


TEXT = st.text(max_size=8) | st.sampled_from(["\x00", "\ud800", '"}', "\\", "jo@example.org", "{}"])
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(TEXT | st.sampled_from(["id", "email", "username"]), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(
    st.dictionaries(
        st.sampled_from(["user", "event_id", "_holdfast", "message", "extra", "tags"]), JUNK, max_size=5
    )
)
def test_always_an_event(sent: dict[str, Any]) -> None:
    """Any JSON object becomes an event that the drainer reads, without its person's address in it."""
    made = CLEANER.prepare(json.dumps(sent).encode(), "", FILES)
    found = report_of_sentry(made.body)
    assert found.event_id == made.event_id
    assert found.files == FILES
    assert b"jo@example.org" not in made.body


@given(st.binary(max_size=60))
def test_any_bytes(body: bytes) -> None:
    """Any bytes are an event or are refused."""
    try:
        made = CLEANER.prepare(body)
    except BadInput:
        return
    report_of_sentry(made.body)
