"""User agents become a few words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast_server.ingest.useragent import Agent, UserAgents

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.fixture(scope="module")
def agents() -> UserAgents:
    return UserAgents()


@pytest.mark.parametrize(
    ("ua", "agent"),
    [
        ("", Agent()),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/120.0.0.0 Safari/537.36 Edg/120.0", Agent("Edge", "120", "Windows", "desktop")),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:120.0) Gecko/20100101 Firefox/120.0", Agent("Firefox", "120", "Mac OS X", "desktop")),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Mobile/15E148 Safari/604.1", Agent("Mobile Safari", "17", "iOS", "mobile")),
        ("Mozilla/5.0 (iPad; CPU OS 12_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1 Mobile/15E148 Safari/604.1", Agent("Mobile Safari", "12", "iOS", "tablet")),
        (f"Mozilla/5.0 (Linux; Android 13; SM-S901B) {WEBKIT} Chrome/112.0.0.0 Mobile Safari/537.36", Agent("Chrome Mobile", "112", "Android", "mobile")),
        (f"Mozilla/5.0 (Linux; Android 12; SM-X906C) {WEBKIT} Chrome/120.0.0.0 Safari/537.36", Agent("Chrome", "120", "Android", "tablet")),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/120.0.0.0 Safari/537.36", Agent("Chrome", "120", "Chrome OS", "desktop")),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", Agent("Googlebot", "2", "", "bot")),
        ("curl/8.1.2", Agent("curl", "8", "", "other")),
    ],
)  # fmt: skip
def test_known_agents(agents: UserAgents, ua: str, agent: Agent) -> None:
    """Browser, major version, system and kind of device are read from the agents that people really use."""
    assert agents.parse(ua) == agent


@settings(max_examples=200, deadline=None)
@given(ua=st.text(max_size=600))
def test_any_text_is_an_agent(agents: UserAgents, ua: str) -> None:
    """Nothing that a client sends as its agent raises, and the kind of device is one of the known words."""
    assert agents.parse(ua).device_type in {"", "desktop", "mobile", "tablet", "bot", "other"}


def test_only_the_first_512_characters_count(agents: UserAgents) -> None:
    """An endless header is cut before it is read and remembered, so the cache stays small."""
    ua = "curl/8.1.2 " + "x" * 501
    assert agents.parse(ua + "Googlebot " * 100_000) is agents.parse(ua)
