"""Is the system well: probes of the stores and the report of GET /api/health/extended."""
