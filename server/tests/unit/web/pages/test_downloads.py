"""Files of strangers on their way out: saved under a plain name, shown only when their bytes are a picture's."""

import pytest

from holdfast_server.web.pages.errors.downloads import picture_type, saved


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("crash report.txt", "crash_report.txt"),
        ('x"; filename="y.html\r\nSet-Cookie: a=b', "x_filename_y.html_Set-Cookie_a_b"),
        ("../../etc/passwd", "etc_passwd"),
        ("", "file"),
        ("\u202etxt.exe", "txt.exe"),
    ],
)
def test_a_name_is_plain(name: str, kept: str) -> None:
    """No quote, path or line break of a stranger stands in a header."""
    headers = saved(name)
    assert headers["Content-Disposition"] == f'attachment; filename="{kept}"'
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("content", "media"),
    [
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"<svg onload=alert(1)>", ""),
        (b"<html>", ""),
        (b"", ""),
    ],
)
def test_only_the_bytes_say_what_a_picture_is(content: bytes, media: str) -> None:
    """What a client calls it does not count, and what can carry a script is none."""
    assert picture_type(content) == media
