"""The one bar as URLs: what a link keeps, what it changes, what it leaves behind."""

from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from holdfast_server.web.components.shell import Bar, Choice

BAR = Bar(
    "/admin/errors",
    "shop",
    (Choice("shop", "Shop"),),
    environment="production",
    range="7d",
    tz="Europe/Berlin",
    keep={"sort": "users", "cursor": "abc"},
)


def query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def test_a_link_keeps_the_view() -> None:
    """A link to another page carries the bar and leaves the page's own query behind."""
    assert (
        BAR.url("/admin/dashboard")
        == "/admin/dashboard?project=shop&env=production&range=7d&tz=Europe%2FBerlin"
    )


def test_a_change_on_the_same_page_keeps_its_query_but_the_cursor() -> None:
    """Changing the range keeps the sorting, and starts at the first row."""
    assert query(BAR.url(range="1h")) == {
        "project": "shop",
        "env": "production",
        "range": "1h",
        "tz": "Europe/Berlin",
        "sort": "users",
    }


def test_paging_keeps_its_cursor() -> None:
    """A pager's link sets the cursor and nothing else changes."""
    assert query(BAR.url(cursor="def"))["cursor"] == "def"


def test_a_preset_replaces_a_custom_range_and_the_other_way_round() -> None:
    """A page has one time range."""
    custom = replace(BAR, from_ms=1_795_183_331_000, to_ms=1_795_186_931_000)
    assert custom.is_custom
    assert custom.fields["from"] == "2026-11-20T14:02:11.000Z"
    assert "range" not in custom.fields
    assert {"from", "to"}.isdisjoint(query(custom.url(range="24h")))
    around = query(BAR.around(1_795_183_331_000))
    assert (around["from"], around["to"]) == ("2026-11-20T13:47:11.000Z", "2026-11-20T14:17:11.000Z")
    assert "range" not in around


def test_live_is_the_default_and_stays_out_of_the_url() -> None:
    """Only what differs from the default is in a link."""
    assert "live" not in query(BAR.url())
    assert query(replace(BAR, live=False).url())["live"] == "0"
    assert "live" not in query(replace(BAR, live=False).url(live=""))


def test_values_cannot_break_out_of_the_query() -> None:
    """A release may have any name."""
    odd = replace(BAR, release="2.3.1 & <b>#?=")
    assert query(odd.url())["release"] == "2.3.1 & <b>#?="
