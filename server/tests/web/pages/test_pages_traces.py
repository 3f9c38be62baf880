"""The pages of traces and logs: what is listed, what opens, what an empty page teaches, and the keyboard."""

import os
import subprocess
import sys
import uuid
from time import time_ns
from typing import Any

import pytest
from playwright.sync_api import Page

from .conftest import Made, Person, Site

Json = dict[str, Any]
HOSTILE = "<script>alert(1)</script>"


def words(**attributes: str) -> list[Json]:
    return [
        {"key": name.replace("__", "."), "value": {"stringValue": value}}
        for name, value in attributes.items()
    ]


def send_trace(
    site: Site, made: Made, name: str = "POST /orders", *, service: str = "shop", failed: bool = True
) -> str:
    """A request of 100 ms with a query of 40 ms in its middle, which failed or not, and a log record in it."""
    trace, root, inner = uuid.uuid4().hex, uuid.uuid4().hex[:16], uuid.uuid4().hex[:16]
    began = time_ns()
    thrown = {
        "name": "exception",
        "timeUnixNano": str(began + 70_000_000),
        "attributes": words(
            exception__type="OutOfStock", exception__message="sold out", exception__stacktrace="at shelf"
        ),
    }
    spans = [
        {"traceId": trace, "spanId": root, "name": name, "kind": 2, "startTimeUnixNano": str(began), "endTimeUnixNano": str(began + 100_000_000)},
        {
            "traceId": trace, "spanId": inner, "parentSpanId": root, "name": "reserve stock", "status": {"code": 2 if failed else 0},
            "startTimeUnixNano": str(began + 30_000_000), "endTimeUnixNano": str(began + 70_000_000),
            "events": [thrown] if failed else [], "attributes": words(sku=HOSTILE),
        },
    ]  # fmt: skip
    resource = {"attributes": words(service__name=service)}
    site.post(
        made, "/v1/traces", {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": spans}]}]}
    )
    record = {
        "timeUnixNano": str(began), "severityNumber": 13, "body": {"stringValue": f"stock is low {HOSTILE}"}, "traceId": trace,
        "attributes": words(sku="A-1"),
    }  # fmt: skip
    send_log(site, made, record, service)
    site.wait_for(made, 2 + 1 + failed)
    return trace


def send_log(site: Site, made: Made, record: Json, service: str = "shop") -> None:
    resource = {"attributes": words(service__name=service)}
    site.post(
        made, "/v1/logs", {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [record]}]}]}
    )


def test_empty_pages_teach(site: Site, admin: Person, made: Made) -> None:
    """Without traces or logs the page shows how to send some; what it shows for the shell works as it stands."""
    traces = admin.see(f"/admin/traces?project={made.slug}").one("main")
    assert f"OTEL_EXPORTER_OTLP_ENDPOINT={site.url}" in traces.text
    assert made.public_key in traces.text
    code = [each.text for each in admin.see(f"/admin/logs?project={made.slug}").one("main").all("code")]
    curl = next(text for text in code if text.startswith("curl ")).replace("\\ ", "")  # on one line here
    subprocess.run(["sh", "-c", curl], check=True, capture_output=True, timeout=20)
    site.wait_for(made)
    assert "hello" in admin.see(f"/admin/logs?project={made.slug}").one(id="logs").text


PROGRAM = """
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter()))
provider.get_tracer("shop").start_span("said hello").end()
"""


def test_settings_teach(site: Site, admin: Person, made: Made) -> None:
    """What the settings page shows for OpenTelemetry is all that a real SDK needs."""
    page = admin.see(f"/admin/projects/{made.slug}/settings")
    exports = "".join(
        str(each) for each in page.one("section", id="snippet-opentelemetry").one("pre").one("code").children
    )
    command = f'{exports}\nexec "{sys.executable}" -W ignore -c "$PROGRAM"'
    subprocess.run(["sh", "-c", command], check=True, timeout=60, env={**os.environ, "PROGRAM": PROGRAM})
    site.wait_for(made)
    row = admin.see(f"/admin/traces?project={made.slug}").one("tbody").one("tr")
    assert row.one("a").text == "said hello"
    assert "my-service" in row.text


def test_list_of_traces(site: Site, admin: Person, made: Made) -> None:
    """The list says how many failed, and narrows by service, name and status."""
    send_trace(site, made, "POST /orders")
    send_trace(site, made, "GET /items", service="catalogue", failed=False)

    def names(query: str = "") -> list[str]:
        page = admin.see(f"/admin/traces?project={made.slug}&{query}")
        return sorted(link.text for link in page.all("a", class_="hf-row-link"))

    page = admin.see(f"/admin/traces?project={made.slug}").one("main")
    assert "1 of the 2 newest traces holds a failed span" in page.text
    assert names() == ["GET /items", "POST /orders"]
    assert names("service=catalogue") == names("name=items") == ["GET /items"]
    assert names("status=error") == ["POST /orders"]
    assert names("min=5000") == []
    assert "No traces match" in admin.see(f"/admin/traces?project={made.slug}&min=5000").text


def test_one_trace(site: Site, admin: Person, made: Made) -> None:
    """A trace shows its spans on a time line, what failed and why, its error and its logs; hostile text stays text."""
    trace = send_trace(site, made)
    page = admin.see(f"/admin/traces/{trace}?project={made.slug}").one("main")
    assert "2 spans in 1 service, 100 ms" in page.text
    root, inner = page.one(id="spans").all("li")
    assert [each.one("span", class_="hf-span-name").attributes["data-depth"] for each in (root, inner)] == [
        "0",
        "1",
    ]
    bar = inner.one("rect").attributes
    assert (bar["class"], round(float(bar["x"])), round(float(bar["width"]))) == ("hf-bar-failed", 300, 400)
    assert "OutOfStock" in inner.text
    assert "at shelf" in inner.text
    assert HOSTILE in inner.text
    assert page.all("script") == []
    error = page.one(id="trace-errors").one("a")
    assert (error.text, error.attributes["href"].startswith("/admin/errors/")) == ("OutOfStock", True)
    assert "stock is low" in page.one(id="trace-logs").text


def test_unknown_trace(admin: Person, made: Made) -> None:
    """Errors outlive spans: a link to a trace that is gone says so instead of failing."""
    assert "No spans are kept" in admin.see(f"/admin/traces/{'0' * 31}1?project={made.slug}").text


def test_logs(site: Site, admin: Person, made: Made) -> None:
    """Logs narrow by severity, words, service and trace; a row holds all fields and leads to its trace and its error."""
    trace = send_trace(site, made)
    thrown = words(
        exception__type="shop.OutOfStock", exception__message="sold out", exception__stacktrace="at shelf"
    )
    send_log(
        site, made, {"timeUnixNano": str(time_ns()), "severityNumber": 17, "attributes": thrown}, "worker"
    )
    site.wait_for(made, 6)

    def lines(query: str = "") -> list[str]:
        page = admin.see(f"/admin/logs?project={made.slug}&{query}")
        return [each.text for each in page.all("span", class_="hf-log-first")]

    assert lines() == ["sold out", f"stock is low {HOSTILE}"]
    assert lines("severity=error") == lines("service=worker") == ["sold out"]
    assert lines("text=LOW") == lines(f"trace={trace}") == [f"stock is low {HOSTILE}"]
    failed, low = admin.see(f"/admin/logs?project={made.slug}").one(id="logs").all("li")
    assert [link.attributes["href"].partition("?")[0] for link in low.all("a")] == [f"/admin/traces/{trace}"]
    [found] = failed.all("a")
    assert "search=OutOfStock" in found.attributes["href"]
    assert "at shelf" in failed.text


@pytest.mark.browser
def test_keyboard(site: Site, made: Made, window: Page) -> None:
    """g t leads to the traces, j walks rows, Enter opens a trace; there j and Enter open a span in its place."""
    trace = send_trace(site, made)
    window.goto(f"/admin/dashboard?project={made.slug}")
    window.keyboard.press("g")
    window.keyboard.press("t")
    window.wait_for_url("**/admin/traces?**")
    window.keyboard.press("j")
    window.keyboard.press("Enter")
    window.wait_for_url(f"**/admin/traces/{trace}**")
    window.keyboard.press("j")
    window.keyboard.press("j")
    window.keyboard.press("Enter")
    opened = window.locator("#spans details[open]")
    opened.wait_for()
    assert "reserve stock" in opened.inner_text()
    window.keyboard.press("Enter")
    opened.wait_for(state="detached")


@pytest.mark.browser
@pytest.mark.parametrize("path", ["/admin/traces", "/admin/logs", "trace"])
def test_phone(site: Site, made: Made, window: Page, path: str) -> None:
    """On a phone nothing is wider than the screen, opened rows neither."""
    trace = send_trace(site, made, "POST /a/rather/long/route/with/many/parts/in/it")
    window.set_viewport_size({"width": 390, "height": 800})
    window.goto(f"{f'/admin/traces/{trace}' if path == 'trace' else path}?project={made.slug}")
    if path != "/admin/traces":
        window.locator("summary[data-row-link]").last.click()
        window.locator("details[open]").wait_for()
    assert window.evaluate("document.documentElement.scrollWidth <= innerWidth")
