"""The page of source maps: what is there, how to upload, why a frame is not mapped, and deleting."""

import json
from pathlib import Path
from typing import Any

import httpx

from .conftest import Made, Person, Site, until

BUILDS = Path(__file__).parents[2] / "unit/insight/source_maps/builds/shop"
PAGE = "/admin/source-maps"


def upload(site: Site, made: Made, release: str, *names: str) -> None:
    for name in names:
        answer = httpx.post(
            f"{site.url}/api/sourcemaps",
            params={"release": release, "path": f"~/{name}"},
            headers={"Authorization": f"Bearer {made.secret_key}"},
            content=(BUILDS / name).read_bytes(),
        )
        assert answer.status_code == 201, answer.text


def test_nothing_yet(site: Site, admin: Person, made: Made) -> None:
    """Before the first upload the page teaches it, with this project's address and name."""
    page = admin.see(f"{PAGE}?project={made.slug}")
    assert "No source maps yet" in page.text
    snippets = " ".join(block.text for block in page.all("pre"))
    assert f"--project {made.slug}" in snippets
    assert site.url in snippets
    assert made.secret_key not in snippets


def test_linked_from_the_settings(admin: Person, made: Made) -> None:
    """The project's settings lead here."""
    settings = admin.see(f"/admin/projects/{made.slug}/settings")
    assert settings.all("a", href=f"{PAGE}?project={made.slug}")


def test_releases_and_their_files(site: Site, admin: Person, made: Made) -> None:
    """Each release stands in a row with its numbers, and leads to its files."""
    upload(site, made, "shop@1 <b>", "main.js", "main.js.map")
    page = admin.see(f"{PAGE}?project={made.slug}")
    row = page.one("table").all("tr")[1]
    assert row.text.startswith("shop@1 <b> 2 1 2.3 kB") or row.text.startswith("shop@1 <b> 2 1 2.3 KiB"), (
        row.text
    )
    files = admin.see(row.one("a").attributes["href"])
    assert "~/main.js.map" in files.text
    assert "debug id 89f1811c-0f16-5a1e-979e-2425be661ccc" in files.text


def test_deleting(site: Site, admin: Person, made: Made) -> None:
    """The button asks with the release's name and deletes that release alone."""
    upload(site, made, "one", "main.js")
    upload(site, made, "two", "main.js")
    page = admin.see(f"{PAGE}?project={made.slug}")
    assert "Delete the files of one?" in page.text
    answer = admin.submit(f"{PAGE}/delete?project={made.slug}", release="one", dist="")
    assert answer.status_code == 303
    after = admin.see(f"{PAGE}?project={made.slug}")
    assert [row.one("a").text for row in after.one("table").all("tr")[1:]] == ["two"]
    assert site.audit("source_maps.delete")


def send_error(site: Site, made: Made, frame: dict[str, Any]) -> str:
    """An error of one frame; answers the address of its issue's occurrence."""
    thrown = {"type": "E", "value": "v", "stacktrace": {"frames": [frame]}}
    event = {
        "event_id": "b" * 32,
        "platform": "javascript",
        "release": "shop@1",
        "exception": {"values": [thrown]},
    }
    sent = httpx.post(
        f"{site.url}/api/{made.id}/store/", params={"sentry_key": made.public_key}, content=json.dumps(event)
    )
    assert sent.status_code == 200, sent.text
    site.wait_for(made)
    key = {"Authorization": f"Bearer {made.secret_key}"}
    [issue] = httpx.get(f"{site.url}/api/errors", headers=key).json()["errors"]
    return f"/admin/errors/{issue['id']}/occurrence?project={made.slug}"


def test_files_that_come_after_the_error(site: Site, admin: Person, made: Made) -> None:
    """The page of an error leads to the reason; once its files are there, it shows the source without a new error."""
    upload(site, made, "other", "main.js")
    frame = {"function": "f", "abs_path": "https://x/main.js", "lineno": 3, "colno": 285}
    address = send_error(site, made, frame)
    before = admin.see(address)
    why = before.one("a", href=f"{PAGE}?project={made.slug}&event={'b' * 32}")
    assert "Nothing was uploaded for this release." in admin.see(why.attributes["href"]).text
    upload(site, made, "shop@1", "main.js", "main.js.map")
    until(lambda: "priceOf" in admin.see(address).text, "the frame to be mapped", 30)
    after = admin.see(address)
    assert "It ran as f in" in after.text
    assert not after.all("a", href=f"{PAGE}?project={made.slug}&event={'b' * 32}")


def test_why_a_frame_is_not_mapped(site: Site, admin: Person, made: Made) -> None:
    """For an event the page names each frame, the reason, what was looked for, and what there is instead."""
    upload(site, made, "shop@1", "main.js")
    frame = {"function": "<script>", "abs_path": "https://x/<b>.js", "lineno": 3, "colno": 5}
    send_error(site, made, frame)
    page = admin.see(f"{PAGE}?project={made.slug}&event={'b' * 32}")
    why = page.one("section", id="why").text
    assert "https://x/<b>.js:3:5" in why
    assert "none at this address" in why
    assert "~/<b>.js in release shop@1" in why
    assert "~/main.js" in why
    assert "There is no error" in admin.see(f"{PAGE}?project={made.slug}&event=nobody").text
