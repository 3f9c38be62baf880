"""All HTTP: ingest, API, pages. Features are called from here and know nothing of it."""
