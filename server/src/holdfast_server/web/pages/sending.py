"""What an empty page of traces or logs teaches: how to send some, with the project's real address and key."""

import asyncio
import json

from ...state_store import keys
from .frame import View, base_url
from .projects.snippets import opentelemetry

NO_KEY = "hf_pub_\u2026"
"""Stands where the project has no public key: its settings page makes one."""


async def public_key(seen: View) -> str:
    kept = await asyncio.to_thread(keys.list_keys, seen.app.state, seen.project.id)
    return next((item.public_key for item in kept if item.public_key), NO_KEY)


async def settings_of_exporters(seen: View) -> str:
    return opentelemetry(base_url(seen.request), await public_key(seen))


async def one_log(seen: View) -> str:
    record = {"severityText": "INFO", "body": {"stringValue": "hello"}}
    service = {"key": "service.name", "value": {"stringValue": "shell"}}
    body = json.dumps(
        {"resourceLogs": [{"resource": {"attributes": [service]}, "scopeLogs": [{"logRecords": [record]}]}]}
    )
    return (
        f"curl {base_url(seen.request)}/v1/logs \\\n  -H 'Authorization: Bearer {await public_key(seen)}' \\\n"
        f"  -H 'Content-Type: application/json' \\\n  -d '{body}'"
    )
