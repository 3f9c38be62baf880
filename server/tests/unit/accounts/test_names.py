"""Slugs, e-mail addresses, keys, DSNs and CSRF tokens: what is made of text alone."""

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.accounts.keys import dsn, new_value, to_keep
from holdfast_server.accounts.projects import checked_name, slug_of
from holdfast_server.accounts.sessions import csrf_matches, csrf_token
from holdfast_server.accounts.users import checked_email
from holdfast_server.errors import BadInput
from holdfast_server.model.project import KeyKind


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Shop", "shop"),
        ("  My  Größe & Co. ", "my-grosse-co"),
        ("Café 2", "cafe-2"),
        ("日本", "project"),
        ("2026", "project-2026"),
        ("---", "project"),
    ],
)
def test_slug(name: str, slug: str) -> None:
    """A slug is the name in plain lower-case letters, never empty and never a mere number."""
    assert slug_of(name) == slug


@given(st.text())
def test_slug_of_anything(name: str) -> None:
    """Whatever the name, its slug stands in an address as it is."""
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug_of(name))
    assert len(slug_of(name)) <= 68
    assert not slug_of(name).isdigit()


@pytest.mark.parametrize("name", ["", "  \n ", "a" * 201])
def test_bad_name(name: str) -> None:
    """A project has a name, and not a novel."""
    with pytest.raises(BadInput):
        checked_name(name)


@pytest.mark.parametrize("email", ["ann@example.org", "admin@localhost", "a+b@x.y", "ü@münchen.de"])
def test_email(email: str) -> None:
    """Usual and unusual addresses pass; blanks around them and capitals go."""
    assert checked_email(f" {email.upper()}\n") == email


@pytest.mark.parametrize(
    "email",
    ["", "ann", "@", "ann@", "@b", "a@b@c", "a b@c", "a@b c", "a\x00@b", "\ud800@b", f"{'a' * 250}@b.cd"],
)
def test_bad_email(email: str) -> None:
    """What can't be an address is refused."""
    with pytest.raises(BadInput):
        checked_email(email)


@pytest.mark.parametrize(
    ("kind", "form"),
    [(KeyKind.PUBLIC, r"hf_pub_[0-9a-f]{32}"), (KeyKind.SECRET, r"hf_sec_[0-9a-f]{48}")],
)
def test_key_form(kind: KeyKind, form: str) -> None:
    """Keys say what they are, consist of word characters, and differ each time."""
    first, second = new_value(kind), new_value(kind)
    assert re.fullmatch(form, first)
    assert first != second


def test_secret_key_is_not_kept() -> None:
    """Of a secret key only the hash and a hint are kept."""
    value = new_value(KeyKind.SECRET)
    kept = to_keep(KeyKind.SECRET, value, " server ")
    assert kept.key_hash == hashlib.sha256(value.encode()).hexdigest()
    assert kept.public_key is None
    assert kept.label == "server"
    assert kept.hint == f"{value[:11]}…{value[-4:]}"
    assert to_keep(KeyKind.PUBLIC, "hf_pub_1").public_key == "hf_pub_1"


@pytest.mark.parametrize(
    ("base", "made"),
    [
        ("http://127.0.0.1:8321", "http://hf_pub_1@127.0.0.1:8321/7"),
        ("https://holdfast.example.org/", "https://hf_pub_1@holdfast.example.org/7"),
        ("https://example.org/holdfast/", "https://hf_pub_1@example.org/holdfast/7"),
        ("http://[::1]:8321", "http://hf_pub_1@[::1]:8321/7"),
        ("https://old@example.org?a=b#c", "https://hf_pub_1@example.org/7"),
    ],
)
def test_dsn(base: str, made: str) -> None:
    """A DSN is made of the server's address, sub-paths and IPv6 included."""
    assert dsn(base, "hf_pub_1", 7) == made


@pytest.mark.parametrize("base", ["", "example.org", "ftp://example.org", "http://", "http://[::1"])
def test_no_dsn(base: str) -> None:
    """An address that is none makes no DSN."""
    with pytest.raises(BadInput):
        dsn(base, "hf_pub_1", 7)


def test_csrf() -> None:
    """A CSRF token is good for its session and this server's secret alone."""
    token = csrf_token("session", "secret")
    assert csrf_matches("session", "secret", token)
    assert not csrf_matches("another", "secret", token)
    assert not csrf_matches("session", "another", token)
    for given_token in ("", token[:-1], token + "0", "é", "\ud800"):
        assert not csrf_matches("session", "secret", given_token)
