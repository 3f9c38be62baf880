"""The place of a function, without what changes from build to build; and the few words that name it for people."""

import pytest

from holdfast_server.insight.grouping import Frame, culprit


@pytest.mark.parametrize(
    "filename",
    [
        "https://shop.example/assets/app.js",
        "https://shop.example/assets/app.3f2a91bc.js",
        "https://other.example:3000/assets/app-BfR3xQ2a.js?v=2#x",
        "http://localhost/assets/app-B_R3-Q2a.js",
        "//cdn.example/assets/app.K4ZXQ2LM.js",
        "webpack:///./assets/app.tsx?3f2a",
        "webpack-internal:///(app-pages-browser)/./assets/app.tsx",
        "file:///srv/assets/app.mjs",
        "/srv/releases/20261120/assets/app.py",
        "/home/jo/assets/app.py",
        "C:\\Users\\jo\\assets\\app.py",
        "/venv/lib/python3.11/site-packages/assets/app.py",
    ],
)
def test_where_code_is_put_does_not_count(filename: str) -> None:
    """Hosts, hashes of bundlers, release folders and homes are left out of a module's name."""
    assert culprit([Frame("pay", "", filename)], "") == "assets/app in pay"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "https://a.example/_next/static/chunks/pages/cart-3f2a91bc4d5e6f70.js",
            "/_next/static/chunks/pages/cart-00aa11bb22cc33dd.js",
        ),
        ("https://a.example/assets/Cart-BfR3xQ2a.js", "https://a.example/assets/Cart-Z_9kLm-4.js"),
        ("https://a.example/checkout.4a5b6c7d.js", "https://a.example/checkout.7d6c5b4a.js"),
        ("https://a.example/account-KQ7ZL2MN.js", "https://a.example/account-AB3DE4FG.js"),
        (
            "https://a.example/static/js/main.8f3a2b1c.chunk.js",
            "https://a.example/static/js/main.00ffab12.chunk.js",
        ),
        (
            "/app/storage/framework/views/3f2a91bc4d5e6f708192a3b4c5d6e7f8.php",
            "/app/storage/framework/views/00112233445566778899aabbccddeeff.php",
        ),
    ],
)
def test_builds_and_compiled_files_are_one_place(one: str, other: str) -> None:
    """Next.js, Vite, Parcel, esbuild, webpack and templates compiled on the spot: the hash is left out, the name stays."""
    assert culprit([Frame("pay", "", one)], "") == culprit([Frame("pay", "", other)], "")
    assert culprit([Frame("pay", "", one)], "") != culprit([Frame("pay", "", "/app/other.js")], "")


def test_the_culprit_is_the_innermost_own_frame() -> None:
    """The application's frame nearest to the crash, else the nearest of all, else the page's template."""
    own, library = Frame("pay", "shop.cart"), Frame("send", "httpx", in_app=False)
    assert culprit([own, library], "/x") == "shop.cart in pay"
    assert culprit([library], "/x") == "httpx in send"
    assert culprit([], "https://shop.example/orders/17?x") == "/orders/[id]"
    assert culprit([Frame()], "/orders") == "/orders"
