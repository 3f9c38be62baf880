"""Questions to the event store, one file per subject; each returns plain values."""
