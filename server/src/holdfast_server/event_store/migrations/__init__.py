"""The event store's schema: numbered SQL files, forward only, rendered for one server or a cluster by `migrate.py`."""
