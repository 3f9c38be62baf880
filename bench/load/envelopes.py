"""Realistic Sentry envelopes for the error benchmark: 2–10 KB as a Python client sends them, gzipped, in 50 groups.

Within a group the values vary as they do in life: ids, times, people, line numbers of a deployment, breadcrumbs, locals.
"""

import gzip
import json
import random
import time
import uuid

GROUPS = 50
FAULTS = (
    ("KeyError", "'sku-{n}'"),
    ("ValueError", "invalid literal for int() with base 10: 'order {n}'"),
    ("TimeoutError", "no answer from payments after {n} ms"),
    ("IntegrityError", 'duplicate key value violates unique constraint "orders_pkey" ({n})'),
    ("ConnectionError", "connection to 10.0.3.{m} refused"),
)
PLACES = ("cart", "checkout", "orders", "search", "account", "vendors", "mail", "reports", "stock", "prices")
LIBRARIES = ("django.core.handlers.exception", "django.core.handlers.base", "rest_framework.views", "sqlalchemy.engine.base", "celery.app.trace")  # fmt: skip
AGENT = "sentry.python/2.75.0"


def frame(module: str, function: str, line: int, in_app: bool, dice: random.Random) -> dict[str, object]:
    path = module.replace(".", "/") + ".py"
    indent = " " * dice.choice((4, 8, 12))
    found: dict[str, object] = {
        "filename": path,
        "abs_path": ("/srv/shop/" if in_app else "/usr/lib/python3.11/site-packages/") + path,
        "function": function,
        "module": module,
        "lineno": line,
        "in_app": in_app,
        "pre_context": [f"{indent}{word} = self.{word}_of(request, order)" for word in ("first", "second", "third", "fourth")],
        "context_line": f"{indent}return self.{function}_now(order, basket, retry=True)",
        "post_context": [f"{indent}log.info('{word} is done', extra=extra)" for word in ("one", "two", "three", "four")],
    }  # fmt: skip
    if in_app:
        found["vars"] = {"self": f"<{module}.View object at 0x7f{dice.getrandbits(40):010x}>", "order": str(dice.randrange(10**6)), "basket": f"[{dice.randrange(9)}, {dice.randrange(9)}]", "retry": "True"}  # fmt: skip
    return found


def event(group: int, dice: random.Random, now_s: float) -> dict[str, object]:
    kind, words = FAULTS[group % len(FAULTS)]
    place = PLACES[group // len(FAULTS) % len(PLACES)]
    steady = random.Random(group)  # what is the same for all of a group: its stack
    depth = group % 10
    shift = dice.randrange(3)
    frames = [frame(steady.choice(LIBRARIES), f"handle_{steady.randrange(20)}", 100 + steady.randrange(400), False, dice) for _ in range(depth)]  # fmt: skip
    frames += [
        frame(
            f"shop.{place}.{layer}",
            f"{layer}_{place}_{steady.randrange(9)}",
            20 + steady.randrange(300) + shift,
            True,
            dice,
        )
        for layer in ("views", "services", "models")[: 1 + group % 3]
    ]
    person = dice.randrange(20_000)
    return {
        "event_id": uuid.UUID(int=dice.getrandbits(128)).hex,
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(now_s)),
        "platform": "python",
        "level": "error",
        "logger": "",
        "release": "shop@2.4.0",
        "environment": "production",
        "server_name": f"web-{dice.randrange(8)}",
        "transaction": f"/{place}/{{id}}",
        "exception": {"values": [{"type": kind, "value": words.format(n=dice.randrange(10**6), m=dice.randrange(255)), "module": "builtins", "mechanism": {"type": "django", "handled": False}, "stacktrace": {"frames": frames}}]},
        "request": {"url": f"https://shop.example/{place}/{dice.randrange(10**6)}", "method": "POST", "query_string": "page=2", "headers": {"Host": "shop.example", "Accept": "application/json", "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"}},
        "user": {"id": f"user-{person}"},
        "tags": {"region": dice.choice(("eu", "us", "asia")), "plan": dice.choice(("free", "pro"))},
        "contexts": {"runtime": {"name": "CPython", "version": "3.11.7"}, "trace": {"trace_id": uuid.UUID(int=dice.getrandbits(128)).hex, "span_id": f"{dice.getrandbits(64):016x}"}},
        "breadcrumbs": {"values": [{"type": "default", "category": "query", "level": "info", "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(now_s - step)), "message": f"SELECT * FROM {place} WHERE id = {dice.randrange(10**6)}"} for step in range(2 + group % 6)]},
        "modules": {"django": "5.2.19", "celery": "5.6.3", "sqlalchemy": "2.1.0", "redis": "6.4.0"},
        "sdk": {"name": "sentry.python.django", "version": "2.75.0", "integrations": ["django", "celery", "logging", "stdlib"]},
    }  # fmt: skip


def envelope(sent: dict[str, object]) -> bytes:
    payload = json.dumps(sent, separators=(",", ":")).encode()
    head = json.dumps({"event_id": sent["event_id"], "sent_at": sent["timestamp"]}).encode()
    item = json.dumps({"type": "event", "content_type": "application/json", "length": len(payload)}).encode()
    return head + b"\n" + item + b"\n" + payload + b"\n"


def envelopes(count: int, seed: int = 1, groups: int = GROUPS) -> list[bytes]:
    """`count` envelopes in plain bytes, each with its own event id."""
    dice = random.Random(seed)
    now_s = time.time()
    return [envelope(event(dice.randrange(groups), dice, now_s - dice.random() * 60)) for _ in range(count)]


def packed(plain: list[bytes]) -> list[bytes]:
    """As the Python client sends them; level 1, because this costs the generator's time and not the servers'."""
    return [gzip.compress(body, 1) for body in plain]
