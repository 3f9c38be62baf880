"""What leaves for Sentry: which, how often, and that nothing in it says who it was."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.ingest.decode.errors import Report
from holdfast_server.ingest.decode.native import WireEvent, decode_one
from holdfast_server.ingest.decode.records import Span
from holdfast_server.ingest.enrich import Arrival
from holdfast_server.ingest.forward import Choice, Forwarder
from holdfast_server.ingest.forward.anonymous import Anonymous
from holdfast_server.ingest.forward.dsn import Dsn
from holdfast_server.ingest.forward.queue import Item

NOW = 1_795_000_000_000
SALT = b"0123456789abcdef0123456789abcdef"
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=30)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)


class Kept:
    """A queue that only remembers."""

    def __init__(self) -> None:
        self.items: list[Item] = []

    def append(self, items: list[Item]) -> None:
        self.items += items

    def lost(self) -> dict[tuple[int, str], int]:
        return {}

    def forget_lost(self, written: dict[tuple[int, str], int]) -> None:
        assert written == {}


def forwarder(*environments: str, errors: float = 1.0, performance: float = 1.0) -> Forwarder:
    choice = Choice(frozenset(environments or ("production",)), errors, performance)
    return Forwarder(Kept(), choice, Anonymous(SALT))  # type: ignore[arg-type]


def arrival(seq: int = 1) -> Arrival:
    return Arrival(seq, 7, NOW, "", "")


def report(**fields: Any) -> Report:
    whole = {
        "error_type": "TypeError",
        "message": "x is undefined",
        "environment": "production",
        "release": "shop@1.2",
    }
    return Report(**{**whole, **fields})


def opened(items: list[Item]) -> list[dict[str, Any]]:
    found = []
    for item in items:
        head, about, body, rest = item.body.split(b"\n")
        assert json.loads(about)["length"] == len(body)
        assert rest == b""
        assert json.loads(head)["event_id"] == item.id == json.loads(body)["event_id"]
        found.append(json.loads(body))
    return found


def sent(what: Forwarder) -> list[dict[str, Any]]:
    kept = what.queue
    what.commit()
    return opened(kept.items)  # type: ignore[attr-defined]


def forwarded(*reports: Report, **choice: Any) -> list[dict[str, Any]]:
    found = forwarder(**choice)
    found.begin()
    for one in reports:
        assert found(arrival(), one) == ""
    return sent(found)


def timing(**fields: Any) -> WireEvent:
    return decode_one(
        json.dumps({"type": "api_latency", "environment": "production", "duration": 120} | fields).encode()
    )


def test_an_error() -> None:
    """P9: type, message, frames, level, buildId, environment and breadcrumbs arrive; variables of frames stay here."""
    frames = [
        {
            "function": "pay",
            "filename": "/assets/app.js",
            "lineno": 10,
            "in_app": True,
            "vars": {"card": "4111"},
        }
    ]
    [event] = forwarded(
        report(
            severity="critical",
            exceptions=[{"type": "TypeError", "value": "x is undefined", "frames": frames}],
            breadcrumbs=[{"category": "ui.click", "message": "button#pay", "timestamp": NOW / 1000}],
            tags={"plan": "pro"},
            context={"cart": 3},
        )
    )
    [thrown] = event["exception"]["values"]
    assert (thrown["type"], thrown["value"], event["level"]) == ("TypeError", "x is undefined", "fatal")
    assert thrown["stacktrace"]["frames"] == [
        {name: frames[0][name] for name in ("function", "filename", "lineno", "in_app")}
    ]
    assert event["tags"] == {"plan": "pro", "buildId": "shop@1.2", "environment": "production"}
    assert (event["release"], event["environment"], event["extra"]) == ("shop@1.2", "production", {"cart": 3})
    assert event["breadcrumbs"]["values"][0]["message"] == "button#pay"


def test_a_stack_as_text() -> None:
    """A stack that came as text arrives as frames."""
    [event] = forwarded(report(stack="TypeError: x\n    at pay (https://shop.example.org/app.js:10:5)"))
    [frame] = event["exception"]["values"][0]["stacktrace"]["frames"]
    assert (frame["function"], frame["lineno"], frame["colno"]) == ("pay", 10, 5)


def test_nobody_is_named() -> None:
    """P18: identities are hashed wherever they stand, ids in addresses are [id], queries and logins are gone."""
    who = "ada.lovelace"
    [event] = forwarded(
        report(
            message=f"GET https://{who}:pw@api.example.org/users/8841/orders?name={who} failed at /orders/8842",
            page=f"https://shop.example.org/orders/8841?u={who}",
            user_id=who,
            session_id=who,
            anonymous_id=who,
            tags={"userId": who, "url": f"https://x.org/u/88412?n={who}"},
            breadcrumbs=[{"message": f"to /orders/8841?x={who}", "data": {"to": "/orders/8841", "userId": who}}],
            context={
                "user": {"id": who, "username": who, "more": [who]},
                "request": {"url": "/x", "cookies": who, "headers": {"Cookie": who}, "query_string": who, "data": who},
                "deep": [{"email": who, "user_id": who, "href": f"https://x.org/users/8841?n={who}"}],
            },
        )
    )  # fmt: skip
    text = json.dumps(event)
    assert who not in text
    assert "8841" not in text
    assert "8842" not in text
    assert event["request"]["url"] == "https://shop.example.org/orders/[id]"
    assert event["exception"]["values"][0]["value"] == (
        "GET https://api.example.org/users/[id]/orders failed at /orders/[id]"
    )
    assert event["user"]["id"] == event["tags"]["userId"] == Anonymous(SALT).identity(who)


def test_hashes() -> None:
    """The same person is the same hash, and another salt makes another: nobody finds them by trying names."""
    assert Anonymous(SALT).identity("ada") == Anonymous(SALT).identity("ada")
    assert Anonymous(SALT).identity("ada") != Anonymous(SALT).identity("bob")
    assert Anonymous(SALT).identity("ada") != Anonymous(b"other").identity("ada")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nothing to do", "nothing to do"),
        ("1/2 of it, and/or more", "1/2 of it, and/or more"),
        ("see https://x.org/a/8841.", "see https://x.org/a/[id]"),
        ("(https://x.org/a)", "(https://x.org/a)"),
        ("open /users/8841/edit now", "open /users/[id]/edit now"),
        ("at /usr/lib/site.py", "at /usr/lib/site.py"),
    ],
)
def test_addresses_in_sentences(text: str, expected: str) -> None:
    """Addresses lose their ids; words and files stay as they are."""
    assert Anonymous(SALT).text(text) == expected


def test_environments() -> None:
    """Production alone by default, the ones chosen, or every one with a star; none named is not production."""
    everywhere = [report(environment=name) for name in ("production", "staging", "")]
    assert [event["environment"] for event in forwarded(*everywhere)] == ["production"]
    found = forwarder("staging", "production")
    for one in everywhere:
        found(arrival(), one)
    assert len(sent(found)) == 2
    found = forwarder("*")
    for one in everywhere:
        found(arrival(), one)
    assert len(sent(found)) == 3


def test_what_came_by_forwarding_stays() -> None:
    """What another Holdfast forwarded here is not sent on, or two would send it round for ever; nor what people wrote."""
    ours = report(sdk="holdfast.forward 0.1.0")
    assert forwarded(ours, report(tags={"feedbackId": "f"})) == []
    found = forwarder()
    found.spans(
        arrival(), [Span("a" * 32, "b" * 16, 1, 2, is_segment=True, environment="production", sdk=ours.sdk)]
    )
    assert sent(found) == []


def test_rates() -> None:
    """So many of a hundred as the rate says, the same ones each time."""
    reports = [report(event_id=f"{number:032x}") for number in range(1_000)]
    chosen = [event["event_id"] for event in forwarded(*reports, errors=0.1)]
    assert 60 < len(chosen) < 140
    assert chosen == [event["event_id"] for event in forwarded(*reports, errors=0.1)]
    assert forwarded(*reports, errors=0.0) == []
    assert len(forwarded(*reports)) == 1_000


def test_ids_are_stable() -> None:
    """A repeated block makes the same ids, whether the client named its events or not; alike ones are told apart."""
    found = forwarder()
    ids = []
    for _ in range(2):
        found.begin()
        for _ in range(3):
            found(arrival(), report())
        found(arrival(2), report(event_id="a" * 32))
        ids.append(sorted(found.pending))
    assert ids[0] == ids[1]
    assert len(ids[0]) == 4
    assert "a" * 32 in ids[0]


def test_a_timing() -> None:
    """A measurement is a transaction as long as it took, ending when it was reported."""
    found = forwarder()
    found.events(arrival(), [timing(endpoint="/api/orders/8841", timestamp=NOW - 1_000, userId="ada")])
    [event] = sent(found)
    assert (event["type"], event["transaction"]) == ("transaction", "/api/orders/[id]")
    assert event["timestamp"] == pytest.approx((NOW - 1_000) / 1_000)
    assert event["timestamp"] - event["start_timestamp"] == pytest.approx(0.12, abs=0.001)
    assert event["contexts"]["trace"]["op"] == "api_latency"
    assert "ada" not in json.dumps(event)


def test_no_timings() -> None:
    """Page views, measurements without a duration, and those made of spans are none; a rate of 0 sends nothing."""
    found = forwarder()
    page = decode_one(b'{"type": "page_view", "environment": "production", "duration": 5}')
    found.events(
        arrival(),
        [page, timing(duration=None), timing(metadata={"spanId": "b" * 16}), timing(environment="dev")],
    )
    assert sent(found) == []
    found = forwarder(performance=0.0)
    found.events(arrival(), [timing()])
    assert sent(found) == []


def test_a_trace() -> None:
    """The root is the transaction, what came with it are its spans, another trace's are not."""
    trace, other = "a" * 32, "c" * 32
    second = 1_000_000_000
    spans = [
        Span(trace, "1" * 16, NOW * 1_000_000, NOW * 1_000_000 + 2 * second, name="GET /orders/8841", op="http.server", is_segment=True, environment="production", user_id="ada"),
        Span(trace, "2" * 16, NOW * 1_000_000, NOW * 1_000_000 + second, name="SELECT", op="db", parent_id="1" * 16, attributes={"secret": "s3cret"}),
        Span(other, "3" * 16, 1, 2, name="elsewhere"),
    ]  # fmt: skip
    found = forwarder()
    found.spans(arrival(), spans)
    [event] = sent(found)
    assert (event["transaction"], event["contexts"]["trace"]["span_id"]) == ("GET /orders/[id]", "1" * 16)
    assert [(span["span_id"], span["op"], span["description"]) for span in event["spans"]] == [
        ("2" * 16, "db", "SELECT")
    ]
    assert event["timestamp"] - event["start_timestamp"] == pytest.approx(2, abs=0.001)
    assert "s3cret" not in json.dumps(event)
    assert "ada" not in json.dumps(event)


def test_a_large_event_is_shortened() -> None:
    """Sentry takes no more than a megabyte: an event that is larger goes without what is free in it."""
    [event] = forwarded(report(context={"a": "x" * 1_000_000}))
    assert "extra" not in event
    assert event["exception"]


@given(
    st.dictionaries(st.text(max_size=8), JSON, max_size=4), st.lists(JSON, max_size=3), st.text(max_size=80)
)
def test_any_report(context: dict[str, Any], items: list[Any], text: str) -> None:
    """Whatever a client sent, an envelope comes out, and the user's id is not in it."""
    [event] = forwarded(
        report(
            message=text,
            page=text,
            context=context,
            breadcrumbs=items,
            exceptions=[{"type": text, "value": text, "frames": items}],
            user_id="a very rare user",
        )
    )
    assert "a very rare user" not in json.dumps(event)


@given(st.text(alphabet="/ab1:?#.[]@ \\h", max_size=200))
def test_any_address(text: str) -> None:
    """Any text is answered, and answered the same when it is cleaned again."""
    once = Anonymous(SALT).text(text)
    assert isinstance(once, str)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://key@o1.ingest.sentry.io/2", "https://o1.ingest.sentry.io/api/2/envelope/"),
        ("http://key:secret@127.0.0.1:8321/1", "http://127.0.0.1:8321/api/1/envelope/"),
        ("https://key@host/prefix/3/", "https://host/prefix/api/3/envelope/"),
        ("https://key@[::1]:8000/3", "https://[::1]:8000/api/3/envelope/"),
    ],
)
def test_dsn(text: str, url: str) -> None:
    """A DSN says where to send."""
    found = Dsn.parse(text)
    assert (found.url, found.key) == (url, "key")


@pytest.mark.parametrize(
    "text",
    ["", "key@host/1", "https://host/1", "https://key@host/", "https://key@host/x", "ftp://key@host/1"],
)
def test_no_dsn(text: str) -> None:
    """What is no DSN is said."""
    with pytest.raises(ValueError, match="key@host"):
        Dsn.parse(text)
