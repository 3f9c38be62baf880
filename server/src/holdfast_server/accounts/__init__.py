"""People, roles, login sessions and project keys: who may do what."""
