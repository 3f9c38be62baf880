"""Ingest over HTTP: limits, key, decompression; one file per protocol."""
