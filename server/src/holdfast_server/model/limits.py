"""The limits of the native wire, the same numbers as contract/limits.json (a test holds them together)."""

MAX_BODY_BYTES = 1 * 1024 * 1024
"""A request's body as it arrives, possibly compressed."""
MAX_PLAIN_BYTES = 10 * 1024 * 1024
"""The same body after decompression."""
MAX_BATCH_EVENTS = 100
"""Events in one request on the documents' path."""
MAX_BULK_EVENTS = 1_000
"""Events in one request on /api/v1/events."""
MAX_DEPTH = 32
"""Levels of objects and lists in one event."""
MAX_ATTRIBUTES = 128
"""Keys in one event's metadata, nested ones included."""
MAX_REPORT_KEYS = 5_000
"""Keys in all of an error: 100 breadcrumbs and 200 frames have a dozen each. What is not in its lists is held to MAX_ATTRIBUTES."""
MAX_LIST_BYTES = 262_144
"""An error's breadcrumbs as JSON text, and likewise its frames and its chain of exceptions."""
MAX_TEXT_CHARS = 2_048
"""Characters of a typed text field; longer ones are cut, never refused."""
MAX_NAME_CHARS = 200
"""Characters of a field that pages group by: type, component, action, name, release, environment."""
MAX_MESSAGE_CHARS = 8_192
MAX_STACK_CHARS = 65_536
MAX_METADATA_BYTES = 65_536
"""One event's metadata as JSON text."""
MAX_EVENT_AGE_S = 7 * 86_400
"""An older client time is kept aside and the received time stands in its place, with a flag."""
MAX_EVENT_AHEAD_S = 600
"""Likewise for a time in the future."""

# The Sentry protocol has limits of its own: its clients drop for good what is refused, so most of what is too large is cut.
MAX_ENVELOPE_BYTES = 20 * 1024 * 1024
"""An envelope as it arrives, possibly compressed."""
MAX_ENVELOPE_PLAIN_BYTES = 100 * 1024 * 1024
"""The same after decompression."""
MAX_ENVELOPE_ITEMS = 1_000
MAX_ENVELOPE_LINE_BYTES = 16_384
"""A header line of an envelope or of an item."""
MAX_SENTRY_EVENT_BYTES = 20 * 1024 * 1024
"""One event's JSON; a larger one is refused."""
KEPT_SENTRY_EVENT_BYTES = 262_144
"""A larger event is cut to this: variables first, then old breadcrumbs, then other free data."""
MAX_ATTACHMENT_BYTES = 20 * 1024 * 1024
MAX_ATTACHMENTS = 20
"""Attachments of one event."""
MAX_SPANS = 1_000
"""Spans in one transaction or container, likewise log records and metric points; the rest is counted as invalid."""
