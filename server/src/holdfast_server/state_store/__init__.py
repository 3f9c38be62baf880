"""The state store: what we say about facts (projects, keys, people, issues), in SQLite or PostgreSQL.

One file per resource; each function takes the open `StateStore` and is one transaction. Calls block: run them in a thread.
"""
