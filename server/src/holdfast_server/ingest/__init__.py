"""Taking in: decode, validate, scrub, enrich, spool; then drain the spool into the event store, exactly once."""
