"""Values and small protocols that every layer shares; only `files` does I/O."""
