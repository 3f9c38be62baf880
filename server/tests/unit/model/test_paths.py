"""Path templates: few, bounded, and the same for the same page."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast_server.model.paths import ID, LENGTH_MAX, route_of, sanitise_url

WORDS = st.sampled_from(
    ["users", "orders", "settings", "check-out", "how-to-build-a-2-story-house", "v1", "edit", "a.html"]
)
IDS = st.one_of(
    st.integers(0, 10**18).map(str),
    st.uuids().map(str),
    st.uuids().map(lambda u: u.hex),
    st.from_regex(r"\A[0-9a-f]{7}[0-9][0-9a-f]{4,32}\Z"),
    st.integers(100, 10**9).map(lambda n: f"user_{n}"),
    st.integers(0, 999_999_999).map(lambda n: f"ORD-2024-{n:09d}"),
    st.sampled_from(
        [
            "jo@example.com",
            "jo%40example.com",
            "clh3k2j4k0000qz8h",
            "V1StGXR8_Z5jdHi6B-myT",
            "cus_NffrFeUfNV2Hib",
        ]
    ),
)


@given(st.lists(st.one_of(WORDS, IDS), max_size=6), st.lists(IDS, min_size=6, max_size=6))
def test_only_the_shape_counts(segments: list[str], others: list[str]) -> None:
    """Two paths that differ only in their ids have one template, with `[id]` where the ids stand."""
    words = {
        "users",
        "orders",
        "settings",
        "check-out",
        "how-to-build-a-2-story-house",
        "v1",
        "edit",
        "a.html",
    }
    changed = [part if part in words else other for part, other in zip(segments, others, strict=False)]
    expected = "/" + "/".join(part if part in words else ID for part in segments)
    assert route_of("/" + "/".join(segments)) == expected == route_of("/" + "/".join(changed))


@settings(max_examples=300)
@given(st.text(max_size=400))
def test_any_text_gives_a_bounded_template(page: str) -> None:
    """Whatever arrives, the template is short, without query or fragment, and its own template."""
    route = route_of(page)
    assert len(route) <= LENGTH_MAX
    assert not set(route) & set("?#")
    assert route_of(route) == route


@given(WORDS, IDS, st.text(alphabet="abc=&123", max_size=20))
def test_host_query_and_fragment_make_no_difference(word: str, identity: str, query: str) -> None:
    """A URL has the template of its path alone."""
    expected = f"/{word}/{ID}"
    for url in (
        f"https://shop.example:8443/{word}/{identity}?{query}#{query}",
        f"//cdn.example/{word}/{identity}",
        f"/{word}/{identity}/#{query}",
    ):
        assert route_of(url) == expected


@pytest.mark.parametrize(
    ("page", "route"),
    [
        ("", ""),
        ("/", "/"),
        ("https://shop.example", "/"),
        ("https://shop.example?x=1", "/"),
        ("/a;jsessionid=1/b", "/a/b"),
        ("/users/[id]", "/users/[id]"),
        ("/users/:id/{tab}", "/users/:id/{tab}"),
        ("/getUserAccountSettingsPageById", "/getUserAccountSettingsPageById"),
        ("/feedface/feedback", "/feedface/feedback"),
        ("orders.select", "orders.select"),
        ("blob:https://shop.example/9b2f0c1e", "blob:"),
        ("data:text/html,hello", "data:"),
        ("/" + "x/" * 40, "/" + "x/" * 12 + "[rest]"),
    ],
)
def test_known_pages(page: str, route: str) -> None:
    """Words stay words; templates of frameworks stay as they are; endless paths are cut."""
    assert route_of(page) == route


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://jo:secret@Shop.example:8443/users/17?token=x#y", "https://Shop.example:8443/users/[id]"),
        ("//cdn.example/a/1234", "//cdn.example/a/[id]"),
        ("/users/jo@example.com?x", "/users/[id]"),
        ("data:text/html,hello", "data:"),
        ("https://shop.example", "https://shop.example/"),
    ],
)
def test_sanitised_urls_keep_the_host_only(url: str, clean: str) -> None:
    """Login, query, fragment and ids leave a URL; scheme, host and port stay."""
    assert sanitise_url(url) == clean
