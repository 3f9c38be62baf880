"""The facts: ClickHouse over HTTP, by our own engine process or any server; the only place with its SQL."""
