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
