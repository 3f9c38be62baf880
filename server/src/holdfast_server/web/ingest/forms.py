"""A form's fields and files out of a body that was read already: bounded in number and size, whatever its headers say."""

from typing import NamedTuple

from multipart import MultipartError, PushMultipartParser, parse_options_header

from ...errors import BadInput

MAX_PARTS = 100
MAX_HEADER_BYTES = 4_096


class Form(NamedTuple):
    """`files` are the parts that name a file. The last one of a name wins."""

    fields: dict[str, str]
    files: dict[str, bytes]


def read_form(body: bytes, content_type: str) -> Form:
    """Raises BadInput for what is no multipart/form-data, or has too many parts."""
    boundary = boundary_of(content_type)
    form = Form({}, {})
    name, filename, data = "", None, bytearray()
    try:
        with PushMultipartParser(
            boundary, max_segment_count=MAX_PARTS, max_header_size=MAX_HEADER_BYTES, strict=True
        ) as parser:
            for found in parser.parse(body):
                if isinstance(found, bytes | bytearray):
                    data += found
                elif found is None:
                    put(form, name, filename, bytes(data))
                else:
                    name, filename, data = found.name, found.filename, bytearray()
            parser.close()
    except (MultipartError, ValueError) as exc:
        raise BadInput(
            f"the form can't be read: {exc}", hint="send multipart/form-data with its boundary"
        ) from exc
    return form


def put(form: Form, name: str, filename: str | None, data: bytes) -> None:
    if filename is not None:
        form.files[name] = data
    else:
        form.fields[name] = data.decode("utf-8", "replace")


def boundary_of(content_type: str) -> str:
    boundary: str = parse_options_header(content_type)[1].get("boundary", "")
    if not 0 < len(boundary) <= 200:
        raise BadInput("the form's boundary is missing", hint="let the client set Content-Type by itself")
    return boundary
