"""Which errors are one issue: a fingerprint of the chain of types and in-app frames, the same in every deployment.

Pure text in, 32 hexadecimal digits and their reasons out (DESIGN, decision 7). Line numbers, values, hashes of assets and
deploy paths don't count. The version is stored with each issue: a change of these rules raises it, so nothing regroups in
silence. Hostile input costs bounded, linear work and never raises.
"""

from collections.abc import Sequence

from holdfast_server.insight.grouping.chains import parse_chain as parse_chain
from holdfast_server.insight.grouping.frames import ExceptionInfo as ExceptionInfo
from holdfast_server.insight.grouping.frames import Frame as Frame
from holdfast_server.insight.grouping.frames import FrameKey as FrameKey
from holdfast_server.insight.grouping.frames import Grouping as Grouping
from holdfast_server.insight.grouping.frames import Part as Part
from holdfast_server.insight.grouping.frames import Stack as Stack
from holdfast_server.insight.grouping.frames import coded
from holdfast_server.insight.grouping.functions import frame_key
from holdfast_server.insight.grouping.groups import FAR_COLUMN, digest
from holdfast_server.insight.grouping.groups import FINGERPRINT_VERSION as FINGERPRINT_VERSION
from holdfast_server.insight.grouping.groups import group_of as group_of
from holdfast_server.insight.grouping.messages import normalise_message as normalise_message
from holdfast_server.insight.grouping.sources import is_in_app as is_in_app
from holdfast_server.insight.grouping.stacks import parse_stack as parse_stack
from holdfast_server.model.paths import route_of

CULPRIT_MAX = 200


def issue_id(project_id: int, fingerprint: str) -> str:
    """The `errorId` of the wire: derived, so the answer to a report needs no read."""
    return digest(map(coded, ("issue", str(project_id), fingerprint)))


def culprit(frames: Sequence[Frame], page: str) -> str:
    """Where it broke, in a few words: the innermost frame of the application, else the page."""
    frame = next((frame for frame in reversed(frames) if frame.in_app), frames[-1] if frames else None)
    if frame is None:
        return route_of(page)[:CULPRIT_MAX]
    key = frame_key(frame.function, frame.module, frame.filename, frame.colno > FAR_COLUMN)
    function, module = key.function, key.module
    text = f"{module} in {function}" if module and function else module or function or route_of(page)
    return text[:CULPRIT_MAX]
