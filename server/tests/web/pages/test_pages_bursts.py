"""An occurrence without a body says why, on the page of its error."""

from .conftest import Made, Person, Site, until


def test_body_not_kept(site: Site, admin: Person, made: Made) -> None:
    """The newest of a burst stands there without its stack, and the page says that it was one of many."""
    error = {
        "errorType": "Burst",
        "message": "again",
        "stack": "E: x\n    at pay (https://shop.example.org/app.js:1:2)",
    }
    site.send(made, *[{"type": "error", "metadata": error} for _ in range(103)])
    links: list[str] = []

    def listed() -> bool:
        page = admin.see(f"/admin/errors?project={made.slug}")
        links[:] = [link.attributes["href"] for link in page.all("a", class_="hf-row-link")]
        return bool(links)

    until(listed, "the issue")
    address, _, query = links[0].partition("?")
    text = admin.see(f"{address}/occurrence?{query}").text
    assert "one of many within a minute" in text
