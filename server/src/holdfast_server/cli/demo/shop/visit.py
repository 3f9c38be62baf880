"""One visit to the shop, from the first page to the last: people look around, put things into the cart, some of them buy."""

from random import Random

from .client import Client, Event
from .story import BAD_VERSION, Story
from .visitors import Visitor
from .world import CATEGORIES, PRODUCTS, SEARCHES, product

REFERRERS = (
    "",
    "",
    "",
    "https://www.google.com/",
    "https://www.google.com/",
    "https://duckduckgo.com/",
    "https://www.instagram.com/",
    "https://newsletter.cornershop.example/november",
)
PAGES_AT_MOST = 14
FASTER_PICTURES = "2.4.0"
VITALS = {
    "LCP": (2500, 4000),
    "FCP": (1800, 3000),
    "TTFB": (800, 1800),
    "INP": (200, 500),
    "CLS": (0.1, 0.25),
}
"""Good up to the first, poor beyond the second, as web.dev has them."""
LONGEST_ORDER_MIN = 80
LONGEST_MS = 120 * 60_000
"""No visit and none of its orders goes on longer than this."""


def visit(
    story: Story, rng: Random, visitor: Visitor, at_ms: int, *, environment: str = "production"
) -> list[Event]:
    release = story.tried(at_ms) if environment == "staging" else story.release(at_ms, rng)
    walk = Visit(story, rng, visitor, at_ms, release.version, environment)
    walk.run()
    return walk.events


class Visit(Client):
    def run(self) -> None:
        self.lines = 0
        if self.visitor.user_id and self.rng.random() < 0.7:
            self.who["user_id"] = self.visitor.user_id
        began_ms = self.at_ms
        place = self.rng.choices(
            ("home", "category", "product", "search", "orders"),
            (42, 16, 34, 4, 4 if "user_id" in self.who else 0),
        )[0]
        self.source = self.rng.choice(REFERRERS)
        self.say("session_start", {"referrer": self.source or "direct", "landing": place})
        pages = 0
        while place and pages < PAGES_AT_MOST:
            place = getattr(self, f"see_{place}")(pages == 0)
            pages += 1
            self.think(9)
        self._leave(began_ms, pages)

    def _leave(self, began_ms: int, pages: int) -> None:
        self._vital("INP", 74 * self.visitor.agent.pace * self.rng.lognormvariate(0, 0.6))
        self._vital("CLS", 0.022 * self.rng.lognormvariate(0, 1.0))
        if self.rng.random() < (0.02 if self.story.at(self.at_ms) else 0.006):
            self._feedback()
        self.say("session_end", {"pages": pages}, duration=self.at_ms - began_ms)

    def open(self, page: str, kind: str, landing: bool) -> None:
        before, self.page = self.page or self.source, page
        self.crumb("navigation", page)
        if landing:
            self._arrive()
        self.say("page_view", {"referrer": before} if before else None)
        self.strike(kind)

    def _arrive(self) -> None:
        """The first page is loaded whole: it is the one whose vitals count."""
        rng, pace = self.rng, self.visitor.agent.pace
        slower = 2.2 if any(trouble.kind == "slow database" for trouble in self.story.at(self.at_ms)) else 1.0
        ttfb_ms = 170 * slower * self.visitor.region.distance * rng.lognormvariate(0, 0.45)
        fcp_ms = ttfb_ms + 520 * pace * rng.lognormvariate(0, 0.35)
        lcp_ms = fcp_ms + 640 * pace * (
            0.72 if self.release >= FASTER_PICTURES else 1.0
        ) * rng.lognormvariate(0, 0.5)
        self.wait(lcp_ms / 1000)
        for name, value in (("TTFB", ttfb_ms), ("FCP", fcp_ms), ("LCP", lcp_ms)):
            self._vital(name, value)

    def _vital(self, name: str, value: float) -> None:
        good, poor = VITALS[name]
        rating = "good" if value <= good else "needs-improvement" if value <= poor else "poor"
        unit, digits = ("", 4) if name == "CLS" else ("ms", 1)
        self.say("performance", {"rating": rating}, name=name, value=round(value, digits), unit=unit)

    def see_home(self, landing: bool) -> str:
        self.open("/", "home", landing)
        self.load("ProductGrid", ("GET /api/products", ""), ("GET /api/recommendations", ""))
        self.think(8)
        return self._next(category=40, product=30, search=10, leave=20)

    def see_category(self, landing: bool) -> str:
        category = self.rng.choice(CATEGORIES)
        self.open(f"/category/{category}", "category", landing)
        if not self.load("ProductGrid", ("GET /api/products", "")) and self.rng.random() < 0.4:
            return ""
        if self.rng.random() < 0.3:
            self.think(4)
            self.say("user_action", {"category": category}, action="filter_changed", component="FilterChips")
            self.load("ProductGrid", ("GET /api/products", ""))
        self.think(9)
        return self._next(product=66, category=12, home=4, leave=18)

    def see_search(self, landing: bool) -> str:
        term = self.rng.choice(SEARCHES)
        self.open(f"/search?q={term.replace(' ', '+')}", "search", landing)
        self.say(
            "user_action", {"results": self.rng.randrange(0, 14)}, action="search", component="SearchBox"
        )
        self.load("SearchResults", ("GET /api/search", ""))
        self.think(8)
        return self._next(product=68, search=12, category=6, leave=14)

    def see_product(self, landing: bool) -> str:
        item = product(self.rng)
        self.words["product"] = item.id
        self.open(item.page, "product", landing)
        self.load(
            "ProductPage",
            ("GET /api/products/[id]", f"/api/products/{item.id}"),
            ("GET /api/stock/[id]", f"/api/stock/{item.id}"),
            ("GET /api/reviews/[id]", f"/api/reviews/{item.id}"),
        )
        self.think(12)
        if self.rng.random() < 0.16:
            self.say("action", {"product": item.id}, action="image_zoomed", component="ImageZoom")
        if self.rng.random() < 0.10:
            self.optimistic("WishlistButton", "POST /api/wishlist", action="add_to_wishlist")
        if self.rng.random() < 0.42 and self.optimistic(
            "AddToCartButton", "POST /api/cart/items", action="add_to_cart"
        ):
            self.lines += 1
            self.strike("added")
            self.think(5)
            return self._next(cart=52, product=26, category=14, leave=8)
        return self._next(product=36, category=18, home=4, cart=8 if self.lines else 0, leave=36)

    def see_cart(self, landing: bool) -> str:
        self.open("/cart", "cart", landing)
        self.load("CartSummary", ("GET /api/cart", ""))
        self.think(8)
        for _ in range(self.rng.choices((0, 1, 2), (6, 3, 1))[0]):
            self.optimistic(
                "QuantityStepper",
                "PATCH /api/cart/items/[id]",
                f"/api/cart/items/{self.rng.randrange(11, 99)}",
                action="change_quantity",
            )
            self.think(3)
        return self._next(checkout=46, product=22, category=8, leave=24)

    def see_checkout(self, landing: bool) -> str:
        self.open("/checkout", "checkout", landing)
        if "user_id" not in self.who and self.visitor.user_id:
            self._log_in()
        if not self.load("DeliveryOptions", ("GET /api/shipping/rates", "")) and self.rng.random() < 0.6:
            return ""
        self.say(
            "action",
            {"option": self.rng.choice(("parcel", "parcel", "express", "pick-up"))},
            action="delivery_chosen",
            component="DeliveryOptions",
        )
        self.think(22)
        if self.rng.random() < 0.2:
            return self._next(cart=40, leave=60)
        order = f"{self.rng.getrandbits(28) + 0x90000000:08x}"
        self.words["order"] = order
        if not self.optimistic("PlaceOrderButton", "POST /api/checkout", action="place_order"):
            return self._next(checkout=55, leave=45)
        self._bought(order)
        return "order"

    def _bought(self, order: str) -> None:
        total_cents = sum(self.rng.choice(PRODUCTS).price_cents for _ in range(max(1, self.lines)))
        self.say(
            "order_event",
            {"order_id": order, "status": "placed", "total_cents": total_cents, "lines": self.lines},
            action="placed",
        )
        if self.rng.random() < 0.03:
            self.say("referral_completed", {"code": f"friend-{self.rng.randrange(100, 999)}"})
        self.lines = 0
        self._prepare(order)

    def _prepare(self, order: str) -> None:
        """What becomes of an order in the shop's kitchen, in the hour after; a few are forgotten on the way."""
        now_ms, keep = self.at_ms, (self.page, dict(self.who))
        self.page = ""
        self.who = {name: self.who[name] for name in ("environment", "release")} | {"platform": "python"}
        left_min = float(LONGEST_ORDER_MIN)
        for status, minutes in (("preparing", 3.0), ("ready", 17.0), ("completed", 24.0)):
            took_min = min(left_min, 1 + self.rng.expovariate(1 / minutes))
            left_min -= took_min
            self.wait(took_min * 60)
            if self.rng.random() < 0.012:
                break
            self.say("order_event", {"order_id": order, "status": status}, action=status)
        self.at_ms = now_ms
        self.page, self.who = keep

    def see_order(self, landing: bool) -> str:
        order = self.words["order"] or f"9f31{self.rng.getrandbits(16):04x}"
        self.open(f"/orders/{order}", "order", landing)
        self.load("OrderStatus", ("GET /api/orders/[id]", f"/api/orders/{order}"))
        self.think(10)
        return self._next(home=14, leave=86)

    def see_orders(self, landing: bool) -> str:
        self.open("/account/orders", "orders", landing)
        self.load("OrderList", ("GET /api/orders", ""))
        self.think(6)
        return self._next(order=70, home=15, leave=15)

    def _log_in(self) -> None:
        self.think(5)
        if not self.call("POST /api/login", "LoginForm"):
            return
        self.who["user_id"] = self.visitor.user_id
        self.say("user_login", {"way": self.rng.choice(("passkey", "link", "link"))})

    def _feedback(self) -> None:
        words = (
            (
                ("The cart was empty again", 1),
                ("Delivery options would not load", 2),
                ("Very slow tonight", 2),
            )
            if self.story.at(self.at_ms) or self.release == BAD_VERSION
            else (("Lovely bread", 5), ("Please bring back the blue mugs", 4), ("Quick and easy", 5))
        )
        message, rating = self.rng.choice(words)
        self.say("feedback_submitted", {"message": message, "rating": rating}, component="FeedbackButton")

    def _next(self, **chances: int) -> str:
        place = self.rng.choices(tuple(chances), tuple(chances.values()))[0]
        return "" if place == "leave" else place
