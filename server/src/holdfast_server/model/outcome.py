"""What became of something sent. The ledger counts these, so that nothing is lost in silence (DESIGN, decision 4)."""

from enum import StrEnum

import msgspec


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    FILTERED = "filtered"
    SAMPLED = "sampled"
    LIMITED = "limited"
    INVALID = "invalid"


class OutcomeCount(msgspec.Struct, frozen=True):
    """`quantity` events of one `category` (event, error) that met one fate in one minute.

    `reason` is a short stable word (`too_deep`, `bad_type`, `duplicate_batch`); `source` is `server` or `client`,
    because an SDK reports what it dropped itself. `project_id` 0 stands for "no known project".
    """

    project_id: int
    minute_ms: int
    outcome: Outcome
    reason: str
    category: str
    quantity: int
    source: str = "server"
