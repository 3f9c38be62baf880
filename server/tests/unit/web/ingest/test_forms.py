"""Forms with files: read from bytes, bounded, and refused when they are none."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.errors import BadInput
from holdfast_server.web.ingest.forms import MAX_PARTS, read_form

KIND = "multipart/form-data; boundary=edge"
PIECES = st.lists(
    st.sampled_from(
        [
            b"--edge\r\n",
            b"--edge--\r\n",
            b"--edge",
            b'Content-Disposition: form-data; name="a"\r\n',
            b'Content-Disposition: form-data; name="a"; filename="b"\r\n',
            b"Content-Disposition: form-data\r\n",
            b"Content-Type: text/html\r\n",
            b"\r\n",
            b"\n",
            b"\x00",
            b"x" * 5_000,
        ]
    )
    | st.binary(max_size=20),
    max_size=20,
)


def part(name: str, value: bytes, filename: str | None = None) -> bytes:
    named = f'; filename="{filename}"' if filename is not None else ""
    return (
        f'--edge\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode() + value + b"\r\n"
    )


@given(st.binary(max_size=200).filter(lambda data: b"--edge" not in data), st.text(max_size=50))
def test_what_was_sent(data: bytes, text: str) -> None:
    """Files come back byte for byte, fields as text."""
    body = (
        part("message", text.encode("utf-8", "replace")) + part("screenshot", data, "x.png") + b"--edge--\r\n"
    )
    found = read_form(body, KIND)
    assert found.files == {"screenshot": data}
    assert found.fields == {"message": text.encode("utf-8", "replace").decode()}


@given(PIECES)
def test_any_pieces(pieces: list[bytes]) -> None:
    """Pieces of a form in any order are read or refused."""
    with suppress(BadInput):
        read_form(b"".join(pieces), KIND)


@pytest.mark.parametrize(
    "kind",
    ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "x" * 300],
)
def test_no_boundary(kind: str) -> None:
    """A form without a usable boundary is refused."""
    with pytest.raises(BadInput):
        read_form(part("a", b"1") + b"--edge--\r\n", kind)


def test_too_many_parts() -> None:
    """A form of a thousand parts is refused."""
    with pytest.raises(BadInput):
        read_form(part("a", b"1") * (MAX_PARTS + 1) + b"--edge--\r\n", KIND)
