"""The resilience set: the event types of document B, with the leaked duplicate that its suppression rate needs."""

SIGNALS = (
    "optimistic_action_start",
    "optimistic_action_success",
    "optimistic_action_rollback",
    "retry_attempt",
    "retry_success",
    "retry_failure",
    "error_boundary_triggered",
    "error_boundary_recovered",
    "loading_skeleton_shown",
    "loading_skeleton_hidden",
    "click_suppressed",
    "duplicate_leaked",
)
