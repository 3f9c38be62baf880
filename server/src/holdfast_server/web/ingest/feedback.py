"""POST /api/feedback: what a person says about the application, with a picture if they like (P1, P4)."""

from typing import Any

from litestar import Response, post
from litestar.enums import MediaType
from litestar.status_codes import HTTP_200_OK

from ...errors import BadInput, UnsupportedType
from ...ingest.decode.feedback import MAX_FEEDBACK_BYTES, Submission, decode_feedback, decode_form
from ...ingest.feedback import CATEGORY
from ...model.outcome import Outcome
from ..services import HttpRequest, intake
from .body import JSON_TYPES, read_body
from .forms import read_form
from .native import idempotency_key, sender_of
from .schema import FeedbackOperation

FORM_TYPE = "multipart/form-data"


@post(
    "/api/feedback",
    status_code=HTTP_200_OK,
    tags=["ingest"],
    operation_class=FeedbackOperation,
    summary="Send a person's feedback",
)
async def feedback(request: HttpRequest) -> Response[dict[str, Any]]:
    sender = await sender_of(request)
    try:
        sent = await _submission(request)
        request_id = idempotency_key(request) or sent.id
        taken = await intake(request).feedback.take(sender, sent.feedback, request_id)
    except BadInput as exc:
        intake(request).ledger.count(sender.project_id, Outcome.INVALID, exc.code, category=CATEGORY)
        raise
    return Response(
        {"success": True, "feedbackId": taken.feedback_id, "errorId": taken.error_id},
        media_type=MediaType.JSON,
    )


async def _submission(request: HttpRequest) -> Submission:
    content_type = request.headers.get("content-type", "")
    kind = content_type.partition(";")[0].strip().lower()
    if kind == FORM_TYPE:
        form = read_form(await read_body(request, MAX_FEEDBACK_BYTES), content_type)
        return decode_form(form.fields, form.files.get("screenshot", b""))
    if kind not in JSON_TYPES:
        raise UnsupportedType(kind, "application/json, text/plain or multipart/form-data")
    return decode_feedback(await read_body(request, MAX_FEEDBACK_BYTES))


ROUTES = [feedback]
