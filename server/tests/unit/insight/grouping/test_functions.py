"""A function keeps its name, whatever compilers, proxies and runtimes put on it."""

import pytest

from holdfast_server.insight.grouping.functions import frame_key


@pytest.mark.parametrize(
    ("filename", "names", "expected"),
    [
        ("/app/cart.js", ["pay", "Object.pay", "Cart.pay [as go]", "async pay", "async*pay", "new pay", "bound pay", "pay$1", "get pay"], ("pay", "cart")),
        ("/app/cart.js", ["", "?", "<anonymous>", "Object.<anonymous>", "Object.<computed> [as x]", "pay/<", "_callee$", "_callee2$"], ("", "cart")),
        ("Cart.java", ["shop.Cart.pay", "app//shop.Cart.pay", "shop.Cart.lambda$pay$0", "shop.Cart.access$pay", "shop.Cart.pay$lambda-1", "shop.Cart.pay$default"], ("pay", "shop.Cart")),
        ("Cart.kt", ["shop.Cart.pay", "shop.Cart$pay$2.invokeSuspend", "shop.Cart$pay$1$3.invoke"], ("pay", "shop.Cart")),
        ("Cart.scala", ["shop.Cart$.pay", "shop.Cart$.$anonfun$pay$1", "shop.Cart$$anonfun$pay$1.apply"], ("pay", "shop.Cart")),
        ("Cart.java", ["shop.Cart$1.run", "shop.Cart$2.run"], ("run", "shop.Cart$#")),
        ("Cart.cs", ["Shop.Cart.Pay", "Shop.Cart.Pay[T]", "Shop.Cart.<Pay>d__12.MoveNext", "Shop.Cart.<>c.<Pay>b__3_0", "Shop.Cart.<>c__DisplayClass5_0.<Pay>b__0", "Shop.Cart`1.Pay"], ("Pay", "Shop.Cart")),
        ("Cart.cs", ["Shop.Cart.<Pay>g__Check|5_0", "Shop.Cart.<<Pay>g__Check|5_0>d.MoveNext"], ("Check", "Shop.Cart")),
        ("Program.cs", ["Program.<Main>$", "Program.<<Main>$>d__0.MoveNext"], ("Main", "Program")),
        ("/src/cart.go", ["a.b/shop.(*Cart).Pay", "a.b/shop.(*Cart).Pay.func1", "a.b/shop.(*Cart).Pay.func2.1", "a.b/shop.(*Cart).Pay-fm", "a.b/shop/v2.(*Cart).Pay[...]"], ("(*Cart).Pay", "a.b/shop")),
        ("/app/cart.rb", ["pay", "block in pay", "block (2 levels) in pay", "rescue in pay", "ensure in block in pay"], ("pay", "cart")),
        ("/app/show.html.erb", ["_app_show_html_erb___2815634801_47280", "_app_show_html_erb__99_1"], ("_app_show_html_erb", "show.html.erb")),
        ("/app/Cart.php", ["App\\Cart->pay", "App\\Cart::pay", "{closure:App\\Cart::pay():12}"], ("App\\Cart::pay", "Cart")),
        ("/app/Cart.php", ["App\\Cart->{closure}", "App\\Cart::App\\{closure}"], ("App\\Cart::{closure}", "Cart")),
        ("/app/Cart.php", ["class@anonymous->pay", "class@anonymous\0/srv/app/Cart.php:31$0->pay"], ("class@anonymous::pay", "Cart")),
        ("src/cart.rs", ["shop::cart::pay", "shop::cart::pay::h0a1b2c3d4e5f6071", "shop::cart::pay::{{closure}}", "shop::cart::pay::{closure#0}"], ("pay", "shop::cart")),
        ("/src/Cart.swift", ["Cart.pay(order:)", "closure #1 in Cart.pay(order:)", "closure #2 in closure #1 in Cart.pay(order:)"], ("Cart.pay(order:)", "src/Cart")),
        ("package:shop/cart.dart", ["Cart.pay", "Cart.pay.<anonymous closure>", "Cart.pay.<fn>"], ("Cart.pay", "shop/cart")),
    ],
)  # fmt: skip
def test_one_function_has_one_name(filename: str, names: list[str], expected: tuple[str, str]) -> None:
    """Async wrappers, closures, proxies, generics and counters of each language leave the name that a person wrote."""
    keys = {frame_key(name, "", filename)[:2] for name in names}
    assert keys == {expected}


@pytest.mark.parametrize(
    ("function", "module", "filename"),
    [
        ("shop.Cart$$EnhancerBySpringCGLIB$$3f2a91bc.pay", "", "<generated>"),
        ("pay", "shop.Cart$$SpringCGLIB$$0", ""),
        ("shop.Cart$$Lambda/0x00007f1a2c0a3c88.apply", "", ""),
        ("shop.Cart$$Lambda$14/1187972599.apply", "", ""),
        ("jdk.internal.reflect.GeneratedMethodAccessor112.invoke", "", ""),
        ("com.sun.proxy.$Proxy45.pay", "", ""),
        ("shop.Cart$HibernateProxy$a1b2c3.pay", "", ""),
        ("<listcomp>", "", "/app/shop/cart.py"),
        ("asyncGeneratorStep", "", "/app/cart.js"),
    ],
)
def test_what_machines_made_does_not_count(function: str, module: str, filename: str) -> None:
    """Proxies, hidden classes and compilers' helpers stand between two functions, sometimes."""
    assert frame_key(function, module, filename).code == ""


@pytest.mark.parametrize(
    ("name", "far", "minified"),
    [
        ("t", False, True), ("tZ", False, True), ("$", False, True), ("aBc", False, True), ("xzt", False, True),
        ("e.t", False, True), ("", False, True),
        ("pay", False, False), ("get", False, False), ("e.pay", False, False), ("onPay", True, False),
    ],
)  # fmt: skip
def test_minified_names_are_known(name: str, far: bool, minified: bool) -> None:
    """In a bundle, a name of one or two letters, or three that make no word, was made by a minifier."""
    key = frame_key(name, "", "https://shop.example/assets/Cart-BfR3xQ2a.js", far)
    assert key.minified == minified
    assert bool(key.function) != minified


def test_short_names_outside_of_bundles_are_names() -> None:
    """`t` translates and `$` queries in a file as it was written; a column that nobody writes to tells otherwise."""
    assert frame_key("t", "", "/src/i18n.js").function == "t"
    assert frame_key("t", "", "/src/i18n.js", True).function == ""


def test_functions_of_one_name_stay_apart() -> None:
    """By class where the language has it in the name, else by module."""
    keys = [
        frame_key("shop.Cart.pay", "", "Cart.java"), frame_key("shop.Order.pay", "", "Order.java"),
        frame_key("shop.(*Cart).Pay", "", "/a.go"), frame_key("shop.(*Order).Pay", "", "/a.go"),
        frame_key("Shop::Cart#pay", "", "/a.rb"), frame_key("Shop::Order#pay", "", "/a.rb"),
        frame_key("Cart->pay", "", "/a.php"), frame_key("Order->pay", "", "/a.php"),
        frame_key("pay", "", "/cart.js"), frame_key("pay", "", "/order.js"),
    ]  # fmt: skip
    assert len(set(keys)) == len(keys)
