"""Values and small protocols that every layer shares; nothing here does I/O."""
