"""The templates without a browser: what comes from outside stays text, and mistakes of ours fail loudly."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment, UndefinedError

from holdfast_server.errors import CannotStart
from holdfast_server.web.components.chart import Chart, Series
from holdfast_server.web.components.environment import WEB, build_environment

NOW_MS = 1_795_183_331_000
NASTY = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def environment() -> Environment:
    return build_environment(now_ms=lambda: NOW_MS)


@pytest.mark.parametrize(
    "template",
    [
        '{% from "components/text.html" import row_link, copy_line, snippet %}{{ row_link("/x", nasty, nasty) }}{{ copy_line(nasty, nasty) }}{{ snippet(nasty, nasty) }}',
        '{% from "components/feed.html" import feed_row %}{{ feed_row(nasty, 0, nasty, href="/x") }}',
        '{% from "components/stat.html" import stat_card %}{{ stat_card(nasty, 1, "count", nasty, note=nasty) }}',
        '{% from "components/chart.html" import chart_panel %}{{ chart_panel("c", nasty, nasty, data=chart) }}',
        '{% from "components/form.html" import field %}{{ field("f", nasty, value=nasty, error=nasty) }}',
        '{% from "components/state.html" import state_badge %}{{ state_badge("alert", nasty) }}',
    ],
)
def test_text_stays_text(environment: Environment, template: str) -> None:
    """Names, messages and values from outside never become markup."""
    chart = Chart(NASTY, "count", 60, [0], [Series(NASTY, [1])])
    tags = Tags(environment.from_string(template).render(nasty=NASTY, chart=chart)).tags
    assert not [attrs for tag, attrs in tags if tag == "img" or "onerror" in attrs]
    assert all(attrs.get("type") == "application/json" for tag, attrs in tags if tag == "script")


def test_no_template_has_inline_code() -> None:
    """The policy of the pages allows no inline script, handler or style, so no template has one."""
    for file in sorted(WEB.glob("components/**/*.html")) + sorted(WEB.glob("pages/**/*.html")):
        text = re.sub(r"\{[{%#].*?[}%#]\}", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
        for tag, attrs in Tags(text).tags:
            assert "style" not in attrs, f"{file.name}: {tag} has a style"
            assert not [name for name in attrs if name.startswith(("on", "hx-on"))], (
                f"{file.name}: {tag} has a handler"
            )
            assert tag != "style", f"{file.name} has a style element"
            assert tag != "script" or "src" in attrs or attrs.get("type") == "application/json", (
                f"{file.name} has a script"
            )


def test_every_class_has_its_style() -> None:
    """A class of ours that no stylesheet knows is a slip of the pen; Tabler's are kept by the build when a template names them."""
    css = next((WEB / "static" / "dist").glob("holdfast.*.css")).read_text(encoding="utf-8")
    hooks = {"hf-sprite", "hf-panel-plain"}
    for file in sorted(WEB.glob("components/**/*.html")) + sorted(WEB.glob("pages/**/*.html")):
        text = re.sub(r"\{[{%#].*?[}%#]\}", "\0", file.read_text(encoding="utf-8"), flags=re.DOTALL)
        for _, attrs in Tags(text).tags:
            named = {
                name
                for name in (attrs.get("class") or "").split()
                if "\0" not in name and name.startswith("hf-")
            }
            assert {name for name in named - hooks if f".{name}" not in css} == set(), file.name


def test_chart_data_is_the_contract(environment: Environment) -> None:
    """The JSON in the page is what README.md says: defaults left out, gaps as null, not-a-number too."""
    text = environment.from_string("{{ chart|tojson }}").render(
        chart=Chart("Latency", "ms", 60, [0, 60_000], [Series("p95", [None, float("nan")])])
    )
    assert json.loads(text) == {
        "title": "Latency",
        "unit": "ms",
        "step_s": 60,
        "times": [0, 60_000],
        "series": [{"name": "p95", "values": [None, None]}],
    }


def test_an_unknown_icon_fails(environment: Environment) -> None:
    """A template that names an icon which is not in the sprite fails in tests, not in silence."""
    with pytest.raises(LookupError, match=r"icons\.json"):
        environment.from_string('{{ icon("no-such") }}').render()


def test_a_forgotten_value_fails(environment: Environment) -> None:
    """A page that misses a value of its shell says so."""
    with pytest.raises(UndefinedError):
        environment.get_template("pages/base.html").render(title="Alone")


def test_missing_assets_refuse_to_start(tmp_path: Path) -> None:
    """Without the built assets the server says what to do instead of serving bare pages."""
    with pytest.raises(CannotStart) as caught:
        build_environment(now_ms=lambda: NOW_MS, dist=tmp_path)
    assert "npm run build" in caught.value.hint


def test_every_asset_is_named_by_its_content(environment: Environment) -> None:
    """Assets may be cached for ever, because a change has another name."""
    manifest = json.loads((WEB / "static" / "dist" / "manifest.json").read_text(encoding="utf-8"))
    for name, hashed in manifest["files"].items():
        stem, _, ending = name.rpartition(".")
        assert hashed.startswith(f"{stem}.")
        assert hashed.endswith(f".{ending}")
        assert (WEB / "static" / "dist" / hashed).is_file()
