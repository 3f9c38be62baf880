"""Realistic batches for the ingest benchmarks: 100 events of about 280 bytes, a browser's mix of types."""

import json
import random
import time
import uuid

TYPES = (
    "page_view",
    "api_call",
    "user_action",
    "performance",
    "optimistic_action_start",
    "optimistic_action_success",
    "retry_attempt",
    "loading_skeleton_hidden",
)
COMPONENTS = ("PaymentButton", "VendorInbox", "Cart", "Search", "Calendar")
AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"


def event(dice: random.Random, now_ms: int) -> dict[str, object]:
    kind = dice.choice(TYPES)
    sent: dict[str, object] = {
        "type": kind,
        "timestamp": now_ms - dice.randrange(60_000),
        "page": f"/products/{dice.randrange(5000)}",
        "sessionId": str(uuid.UUID(int=dice.getrandbits(128) >> 14 << 14)),
        "userId": f"user_{dice.randrange(20_000)}",
        "environment": "production",
        "release": "2.4.0",
    }
    if kind == "api_call":
        sent |= {
            "endpoint": f"/api/orders/{dice.randrange(9999)}",
            "method": "GET",
            "status": dice.choice((200, 200, 200, 500)),
            "duration": round(dice.lognormvariate(4, 1), 1),
        }
    elif kind == "performance":
        sent |= {
            "name": dice.choice(("LCP", "INP", "CLS")),
            "value": round(dice.lognormvariate(6, 1), 1),
            "unit": "ms",
        }
    elif kind in ("page_view", "user_action"):
        sent |= {
            "action": "view" if kind == "page_view" else "add_to_cart",
            "metadata": {"referrer": "/home", "position": dice.randrange(10), "list": "spring offers"},
        }
    else:
        sent |= {
            "component": dice.choice(COMPONENTS),
            "metadata": {"action_id": f"a{dice.randrange(9999)}", "duration_ms": dice.randrange(300)},
        }
    return sent


def batches(count: int, size: int = 100, seed: int = 1) -> list[bytes]:
    """`count` request bodies, the same for the same seed but for their times."""
    dice = random.Random(seed)
    now_ms = int(time.time() * 1000)
    return [
        json.dumps({"events": [event(dice, now_ms) for _ in range(size)]}, separators=(",", ":")).encode()
        for _ in range(count)
    ]
