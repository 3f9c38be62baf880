"""What the shop sells, the endpoints that its pages call, and where its visitors live."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Product:
    id: int
    name: str
    category: str
    price_cents: int

    @property
    def page(self) -> str:
        return f"/product/{self.id}"


SHELVES: dict[str, tuple[str, ...]] = {
    "coffee": ("House blend 250 g", "Ethiopia Sidamo 250 g", "Decaf 250 g", "Cold brew bags", "Espresso dark 1 kg", "Filter papers 100"),
    "tea": ("Assam tips", "Sencha", "Rooibos vanilla", "Earl Grey", "Mint leaves", "Tea tin, green"),
    "bread": ("Rye sourdough", "Poppy rolls, six", "Baguette", "Seeded loaf", "Flour type 550", "Dry yeast"),
    "pantry": ("Olive oil 500 ml", "Sea salt flakes", "Basmati rice 1 kg", "Red lentils", "Tomato passata", "Lemon mustard"),
    "sweets": ("Dark chocolate 72 %", "Salted caramels", "Liquorice wheels", "Oat biscuits", "Honey, lime tree", "Plum jam"),
    "kitchen": ("Enamel mug", "Hand grinder", "French press", "Bread knife", "Linen towel", "Storage jar 1 l"),
    "garden": ("Basil seeds", "Terracotta pot", "Pruning shears", "Twine, jute", "Bird feeder", "Watering can"),
    "paper": ("Notebook, dotted", "Pencil set", "Wrapping paper", "Postcards, ten", "Calendar 2027", "Washi tape"),
}  # fmt: skip
CATEGORIES = tuple(SHELVES)
PRODUCTS = tuple(
    Product(101 + place * 7 % 997, name, category, 290 + place * 173 % 3900)
    for place, (category, name) in enumerate(
        (category, name) for category, names in SHELVES.items() for name in names
    )
)
POPULARITY = tuple(1 / (1 + place * 11 % len(PRODUCTS)) ** 0.7 for place in range(len(PRODUCTS)))
"""A few products draw most of the looks, and they are not the first ones of the list."""
SEARCHES = (
    "espresso",
    "gift",
    "sourdough",
    "decaf",
    "honey",
    "mug",
    "olive oil",
    "calendar",
    "advent",
    "tea tin",
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`median_ms` and `spread` (sigma of the log) make its latency; `repeats` says whether the client retries it."""

    method: str
    path: str
    median_ms: float
    spread: float
    failing: float
    repeats: bool
    uses: frozenset[str]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def endpoint(name: str, median_ms: float, spread: float, failing: float, uses: str) -> Endpoint:
    method, _, path = name.partition(" ")
    return Endpoint(method, path, median_ms, spread, failing, method == "GET", frozenset(uses.split()))


ENDPOINTS: dict[str, Endpoint] = {
    item.name: item
    for item in (
        endpoint("GET /api/products", 68, 0.45, 0.004, "catalogue database"),
        endpoint("GET /api/products/[id]", 34, 0.40, 0.004, "catalogue database"),
        endpoint("GET /api/stock/[id]", 26, 0.50, 0.009, "stock"),
        endpoint("GET /api/reviews/[id]", 48, 0.55, 0.006, "catalogue database"),
        endpoint("GET /api/recommendations", 142, 0.60, 0.026, "recommender"),
        endpoint("GET /api/search", 118, 0.60, 0.006, "catalogue database"),
        endpoint("GET /api/cart", 41, 0.45, 0.003, "database"),
        endpoint("POST /api/cart/items", 76, 0.50, 0.003, "database stock"),
        endpoint("PATCH /api/cart/items/[id]", 63, 0.50, 0.003, "database"),
        endpoint("POST /api/wishlist", 58, 0.50, 0.003, "database"),
        endpoint("GET /api/shipping/rates", 236, 0.55, 0.022, "carrier"),
        endpoint("POST /api/checkout", 690, 0.48, 0.005, "database payment"),
        endpoint("GET /api/orders", 92, 0.55, 0.003, "database"),
        endpoint("GET /api/orders/[id]", 54, 0.45, 0.003, "database"),
        endpoint("POST /api/login", 181, 0.30, 0.002, "database"),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Region:
    """`utc_offset_h` is the winter one: to the hour is near enough for a rhythm. `distance` slows everything down."""

    country: str
    share: float
    utc_offset_h: int
    distance: float


REGIONS = (
    Region("DE", 0.31, 1, 1.0),
    Region("GB", 0.15, 0, 1.1),
    Region("FR", 0.08, 1, 1.05),
    Region("NL", 0.08, 1, 1.0),
    Region("AT", 0.06, 1, 1.05),
    Region("PL", 0.05, 1, 1.15),
    Region("US", 0.19, -5, 1.5),
    Region("AU", 0.08, 10, 2.1),
)


def product(rng: Random, category: str = "") -> Product:
    if not category:
        return rng.choices(PRODUCTS, POPULARITY)[0]
    return rng.choice([item for item in PRODUCTS if item.category == category])
