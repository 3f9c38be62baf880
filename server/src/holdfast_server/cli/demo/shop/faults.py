"""The bugs and breakdowns of the shop: each becomes one issue, seen often or rarely, in the browser or on its servers."""

from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any, Literal

from . import stacks
from .visitors import Agent

Severity = Literal["critical", "error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Fault:
    """`when` names the moment at which it may strike (a page, a failed call, a rollback, a job) and `rate` how often then.

    `only` narrows it to a browser engine, a release or a country; `cause` is the error behind it, and its frames. Messages may name {product}, {order}, {cart}, {chunk} …
    """

    when: str
    rate: float
    error_type: str
    message: str
    frames: tuple[str, ...]
    severity: Severity
    component: str
    handled: bool = False
    python: bool = False
    crashes: bool = False
    only: str = ""
    cause: tuple[str, ...] = ()

    def fits(self, agent: Agent, release: str, country: str) -> bool:
        return self.only in ("", agent.engine, release, country, "phone" if agent.phone else "")


def browser(
    when: str,
    rate: float,
    severity: Severity,
    component: str,
    error: str,
    *frames: str,
    handled: bool = False,
    crashes: bool = False,
    only: str = "",
) -> Fault:
    error_type, _, message = error.partition(": ")
    return Fault(
        when, rate, error_type, message, frames, severity, component, handled, crashes=crashes, only=only
    )


def server(
    when: str,
    rate: float,
    severity: Severity,
    component: str,
    error: str,
    *frames: str,
    handled: bool = False,
    cause: tuple[str, ...] = (),
) -> Fault:
    error_type, _, message = error.partition(": ")
    return Fault(
        when, rate, error_type, message, frames, severity, component, handled, python=True, cause=cause
    )


FAULTS: tuple[Fault, ...] = (
    # On pages, by themselves.
    browser("home", 0.015, "info", "HeroBanner", "Error: ResizeObserver loop completed with undelivered notifications.", "observe hero.js:1"),
    browser("home", 0.018, "warning", "HeroBanner", "TypeError: null is not an object (evaluating 'video.play')", "startVideo hero.js:1", "onVisible hero.js:1", only="webkit"),
    browser("home", 0.0032, "warning", "ConsentBar", "ReferenceError: consentState is not defined", "applyConsent consent.js:1", only="2.2.0"),
    browser("home", 0.003, "warning", "RecentlyViewed", "QuotaExceededError: The quota has been exceeded.", "remember recent.js:1", "setItem storage.js:1", handled=True, only="webkit"),
    browser("category", 0.0032, "error", "FilterChips", "RangeError: Maximum call stack size exceeded", "toggle filters.js:1", "combine filters.js:1", "combine filters.js:1", crashes=True),
    browser("category", 0.018, "error", "ProductGrid", "TypeError: t.target.closest is not a function", "onTap grid.js:1", only="phone"),
    browser("category", 0.004, "warning", "ProductGrid", "TypeError: Failed to fetch", "load grid.js:1", "request api.js:1", handled=True, only="v8"),
    browser("search", 0.022, "info", "SearchBox", "AbortError: The user aborted a request.", "suggest search.js:1", "request api.js:1", handled=True),
    browser("search", 0.018, "error", "SearchBox", "SyntaxError: Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON", "parseAnswer search.js:1", "suggest search.js:1", only="v8"),
    browser("product", 0.0136, "error", "VariantPicker", "TypeError: Cannot read properties of undefined (reading 'variants')", "chooseVariant product.js:1", "VariantPicker product.js:1", crashes=True),
    browser("product", 0.0044, "warning", "ProductPage", "HydrationError: Text content does not match server-rendered HTML: price of {product}", "checkForUnmatchedText vendor.js:1", "PriceTag product.js:1", handled=True),
    browser("product", 0.0018, "error", "ImageZoom", "InvalidStateError: The object is in an invalid state.", "openZoom zoom.js:1", "decode zoom.js:1", only="gecko"),
    browser("product", 0.0024, "error", "ReviewList", "TypeError: Invalid time value", "formatDate reviews.js:1", "ReviewList reviews.js:1", crashes=True),
    browser("cart", 0.008, "warning", "CouponField", "CouponError: Coupon AUTUMN{n} has expired", "applyCoupon cart.js:1", handled=True),
    browser("cart", 0.006, "error", "CartSummary", "TypeError: Cannot read properties of null (reading 'totalCents')", "sumLines cart.js:1", "CartSummary cart.js:1", crashes=True),
    browser("checkout", 0.018, "error", "CheckoutForm", "ChunkLoadError: Loading chunk {chunk} failed.", "ensureChunk runtime.js:1", "openCheckout checkout.js:1", crashes=True),
    browser("checkout", 0.032, "warning", "AddressForm", "ValidationError: The postcode does not belong to {country}", "checkAddress address.js:1", "submit checkout.js:1", handled=True),
    browser("checkout", 0.015, "critical", "PaymentFrame", "PaymentFrameError: The payment form did not load within 8000 ms", "mountPayment payment.js:1", "CheckoutForm checkout.js:1"),
    browser("order", 0.018, "error", "OrderStatus", "RangeError: Invalid currency code : undefined", "formatPrice money.js:1", "OrderStatus order.js:1", only="US"),
    # When a call failed for good, or an optimistic action was taken back.
    browser("gave up stock", 0.80, "error", "ProductPage", "ApiError: GET /api/stock/{product} answered 503", "loadStock product.js:1", "request api.js:1", handled=True, crashes=True),
    browser("gave up carrier", 0.90, "error", "DeliveryOptions", "ApiError: GET /api/shipping/rates answered 503", "loadRates delivery.js:1", "request api.js:1", handled=True, crashes=True),
    browser("gave up recommender", 0.70, "info", "RecommendationRail", "ApiError: GET /api/recommendations answered 503", "loadRail rail.js:1", "request api.js:1", handled=True, crashes=True),
    browser("gave up catalogue", 0.85, "error", "ProductGrid", "ApiError: the shop's shelves did not answer in time", "load grid.js:1", "request api.js:1", handled=True, crashes=True),
    browser("gave up database", 0.8, "error", "CartSummary", "ApiError: GET /api/cart answered 504", "loadCart cart.js:1", "request api.js:1", handled=True, crashes=True),
    browser("gave up payment", 0.90, "critical", "CheckoutForm", "OrderError: The order could not be placed", "placeOrder checkout.js:1", "request api.js:1", handled=True),
    browser("bad merge", 0.75, "error", "AddToCartButton", "TypeError: Cannot read properties of null (reading 'lineId')", "mergeCartLines cart.js:1", "onAdded cart.js:1", only="2.3.0"),
    # On the shop's servers, behind a failed call.
    server("500 database", 0.45, "error", "shop.db", "psycopg.errors.QueryCanceled: canceling statement due to statement timeout", "shop/db/products.py:64 page_of | rows = await connection.fetch(sql, *arguments)"),
    server("500 database", 0.12, "critical", "shop.db", "sqlalchemy.exc.TimeoutError: QueuePool limit of size 10 overflow 5 reached, connection timed out, timeout 30.00", "shop/db/pool.py:31 connection | return await engine.connect()"),
    server("500 catalogue", 0.3, "error", "shop.catalogue", "shop.catalogue.IndexUnavailable: the product index is being rebuilt", "shop/api/products.py:52 listing | found = await index.search(question)", "shop/catalogue/index.py:88 search | raise IndexUnavailable", cause=("redis.exceptions.BusyLoadingError: Redis is loading the dataset in memory", "shop/catalogue/index.py:85 search | return await self.shelf.get(question.key)")),
    server("500 carrier", 0.50, "error", "shop.shipping", "httpx.ReadTimeout: the carrier did not answer within 2 s", "shop/shipping/rates.py:48 quote | reply = await carrier.get('/rates', params=parcel)", f"{stacks.PACKAGES}httpx/_client.py:1548 get | return await self.request('GET', url)"),
    server("500 stock", 0.50, "error", "shop.stock", "shop.stock.StockUnavailable: the stock service answered 503 for product {product}", "shop/api/stock.py:39 level | return await stock.level(product_id)", "shop/stock/client.py:72 level | raise StockUnavailable(product_id, reply.status)", cause=("httpx.HTTPStatusError: Server error '503 Service Unavailable' for url 'http://stock:8080/level/{product}'", "shop/stock/client.py:69 level | reply.raise_for_status()")),
    server("500 payment", 0.60, "critical", "shop.payments", "shop.payments.ProviderTimeout: charge for order {order} was not confirmed after 20 s", "shop/api/checkout.py:118 place_order | charge = await payments.charge(order)", "shop/payments/provider.py:91 charge | raise ProviderTimeout(order.id, waited_s)", cause=("httpx.ReadTimeout: the provider did not answer within 20 s", "shop/payments/provider.py:88 charge | reply = await provider.post('/charges', json=order.as_json())")),
    server("500 recommender", 0.50, "warning", "shop.recommend", "redis.exceptions.ConnectionError: Error 111 connecting to cache:6379. Connection refused.", "shop/recommend/rail.py:27 rail | scores = await cache.zrevrange(key, 0, 12)", handled=True),
    server("added", 0.006, "warning", "shop.cart", "shop.cart.CartConflict: cart {cart} was changed by another request", "shop/api/cart.py:57 add_item | cart = await carts.lock(cart_id)", "shop/cart/store.py:102 lock | raise CartConflict(cart_id)", handled=True),
    server("checkout", 0.015, "error", "shop.shipping", "KeyError: 'weight_g'", "shop/shipping/rates.py:31 parcel_of | weight_g = sum(line.product['weight_g'] for line in cart.lines)"),
    # In jobs, nobody's session.
    server("job", 0.04, "warning", "shop.mail", "smtplib.SMTPServerDisconnected: Connection unexpectedly closed", "shop/mail/orders.py:36 confirm | relay.send_message(letter)", handled=True),
    server("job", 0.016, "error", "shop.orders", "shop.orders.InvalidTransition: order {order} can't go from ready to preparing", "shop/orders/states.py:58 advance | raise InvalidTransition(order, wanted)"),
    server("job", 0.015, "error", "shop.shipping", "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)", "shop/shipping/hooks.py:22 received | note = json.loads(body)"),
    server("job", 0.0032, "critical", "shop.catalogue", "celery.exceptions.SoftTimeLimitExceeded: SoftTimeLimitExceeded()", "shop/catalogue/export.py:77 export | write(page)"),
)  # fmt: skip


@cache
def moments() -> dict[str, tuple[Fault, ...]]:
    found: dict[str, list[Fault]] = {}
    for fault in FAULTS:
        found.setdefault(fault.when, []).append(fault)
    return {when: tuple(faults) for when, faults in found.items()}


def strike(when: str, rng: Random, agent: Agent, release: str, country: str) -> Fault | None:
    """What breaks at this moment: mostly nothing, and at most one thing."""
    for fault in moments().get(when, ()):
        if rng.random() < fault.rate and fault.fits(agent, release, country):
            return fault
    return None


def report(fault: Fault, words: dict[str, Any], agent: Agent, release: str) -> dict[str, Any]:
    """The data of the error event: as the SDKs send it, with the stack as text."""
    message = fault.message.format(**words)
    if fault.python:
        cause = tuple(part.format(**words) if place == 0 else part for place, part in enumerate(fault.cause))
        stack = stacks.python(fault.error_type, message, fault.frames, job=fault.when == "job", cause=cause)
        tags = {"service": "jobs" if fault.when == "job" else "api", "logger": fault.component}
    else:
        stack = stacks.javascript(agent.engine, fault.error_type, message, fault.frames, release)
        tags = {"service": "web", "country": words["country"], "touch": "yes" if agent.phone else "no"}
    return {
        "errorType": fault.error_type,
        "message": message,
        "stack": stack,
        "severity": fault.severity,
        "handled": fault.handled,
        "tags": tags,
    }
