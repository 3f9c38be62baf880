"""How to send a first event, with a project's real address and key, ready to paste. Tests run every one of them."""

import json
from dataclasses import dataclass

from ....accounts import keys


@dataclass(frozen=True)
class Snippet:
    """`where` says what to paste it into."""

    key: str
    title: str
    about: str
    where: str
    language: str
    code: str


def snippets(base_url: str, public_key: str, project_id: int) -> list[Snippet]:
    dsn = keys.dsn(base_url, public_key, project_id)
    return [
        Snippet("curl", "From a shell", "nothing to install", "Shell", "shell", curl(base_url, public_key)),
        Snippet(
            "browser",
            "From a browser",
            "page views, errors, timings by itself",
            "HTML, in the head of each page",
            "html",
            browser(base_url, public_key),
        ),
        Snippet("python", "From Python", "pip install holdfast", "Python", "python", python(dsn)),
        Snippet(
            "collector",
            "From Python, with a collector of your own",
            "pip install holdfast",
            "Python",
            "python",
            collector(base_url, public_key),
        ),
        Snippet(
            "opentelemetry",
            "From OpenTelemetry",
            "traces, logs and metrics of any SDK or collector",
            "Shell, before the application starts",
            "shell",
            opentelemetry(base_url, public_key),
        ),
    ]


def curl(base_url: str, public_key: str) -> str:
    body = json.dumps({"events": [{"type": "page_view", "page": "/hello"}]})
    return f"curl {base_url}/api/telemetry/batch \\\n  -H 'Authorization: Bearer {public_key}' \\\n  -H 'Content-Type: application/json' \\\n  -d '{body}'"


def browser(base_url: str, public_key: str) -> str:
    return f'<script src="{base_url}/sdk/holdfast.js"\n        data-key="{public_key}" defer></script>'


def python(dsn: str) -> str:
    return f'import holdfast\n\nholdfast.init(\n    dsn="{dsn}",\n)\nholdfast.track("page_view", page="/hello")\nholdfast.flush()'


def collector(base_url: str, public_key: str) -> str:
    return f'from holdfast import TelemetryCollector\n\ncollector = TelemetryCollector(\n    endpoint="{base_url}",\n    key="{public_key}",\n)\ncollector.track("user_action", {{"plan": "pro"}}, action="upgrade")\ncollector.flush()\ncollector.destroy()'


def opentelemetry(base_url: str, public_key: str) -> str:
    """The environment variables that every OpenTelemetry SDK reads."""
    return (
        f"export OTEL_EXPORTER_OTLP_ENDPOINT={base_url}\n"
        "export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf\n"
        f'export OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20{public_key}"\n'
        "export OTEL_SERVICE_NAME=my-service"
    )
