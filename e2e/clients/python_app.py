"""An application with sentry-sdk, unchanged: does everything that Holdfast keeps, and prints what the client made of it.

python_app.py DSN [without-brotli]
"""

import json
import sys

if "without-brotli" in sys.argv:
    sys.modules["brotli"] = None  # type: ignore[assignment]  # the client then compresses with gzip

import sentry_sdk
from sentry_sdk import metrics
from sentry_sdk.crons import monitor

PERSON = ("jo", "example.org")
"""Not in one word: source lines go along with frames, and an address in them is taken out."""
sent: dict[str, list[object]] = {"events": [], "transactions": []}


def keep(kind: str):  # type: ignore[no-untyped-def]
    def hook(event, hint):  # type: ignore[no-untyped-def]
        if event.get("type") != "check_in":
            sent[kind].append(json.loads(json.dumps(event, default=str)))
        return event

    return hook


sentry_sdk.init(
    dsn=sys.argv[1],
    release="shop@1.2.3",
    environment="staging",
    dist="build-7",
    server_name="web-1",
    traces_sample_rate=1.0,
    enable_logs=True,
    attach_stacktrace=True,
    before_send=keep("events"),
    before_send_transaction=keep("transactions"),
)


def price_of(order: dict[str, str]) -> int:
    try:
        return int(order["price"])
    except ValueError as exc:
        raise RuntimeError(f"order {order['id']} has no price") from exc


scope = sentry_sdk.get_isolation_scope()
scope.start_session()
sentry_sdk.set_user({"id": "u-7", "email": "@".join(PERSON), "username": "jo", "segment": "gold"})
sentry_sdk.set_tag("tenant", "acme")
sentry_sdk.set_context("cart", {"items": 3, "empty": False})
sentry_sdk.set_extra("attempt", 2)
sentry_sdk.add_breadcrumb(category="ui", message="clicked pay", level="info", data={"button": "pay"})
sentry_sdk.add_breadcrumb(category="http", type="http", data={"url": "/api/pay", "status_code": 500})

with sentry_sdk.isolation_scope() as inner:
    inner.add_attachment(bytes=b"line 1\nline 2\n", filename="grüße.log", content_type="text/plain")
    inner.add_attachment(bytes=b"", filename="empty.bin")
    try:
        price_of({"id": "8841", "price": "free"})
    except RuntimeError as exc:
        sentry_sdk.capture_exception(exc)

with sentry_sdk.isolation_scope() as inner:
    inner.fingerprint = ["by-hand", "{{ default }}"]
    sentry_sdk.capture_message("the queue is long", level="warning")

with sentry_sdk.start_transaction(op="http.server", name="GET /orders/{id}", source="route") as transaction:
    transaction.set_data("http.request.method", "GET")
    transaction.set_http_status(503)
    with sentry_sdk.start_span(op="db.query", name="SELECT * FROM orders") as span:
        span.set_data("db.system", "postgresql")
    with sentry_sdk.start_span(op="http.client", name="GET https://api.example.org/rates/88123") as span:
        span.set_data("url", "https://api.example.org/rates/88123")
        span.set_data("http.request.method", "GET")
        span.set_data("http.response.status_code", 200)
    with sentry_sdk.start_span(op="gen_ai.chat", name="chat tiny-1") as span:
        span.set_data("gen_ai.request.model", "tiny-1")
        span.set_data("gen_ai.system", "openai")
        span.set_data("gen_ai.usage.input_tokens", 12)
        span.set_data("gen_ai.usage.output_tokens", 8)

sentry_sdk.logger.warning("stock of {name} is low", name="tea", attributes={"left": 2})
metrics.count("orders.paid", 1, attributes={"shop": "north"})
metrics.count("orders.paid", 2, attributes={"shop": "north"})
metrics.gauge("queue.length", 17)
metrics.distribution("answer.time", 12.5, unit="millisecond")


@monitor(
    monitor_slug="nightly-bill",
    monitor_config={
        "schedule": {"type": "crontab", "value": "0 3 * * *"},
        "timezone": "UTC",
        "checkin_margin": 5,
        "max_runtime": 30,
    },
)
def bill() -> None:
    return None


bill()
scope.end_session()
sentry_sdk.flush(timeout=20)
sentry_sdk.get_client().close(timeout=20)
print(json.dumps(sent))
