"""What Alembic runs for each command; the connection and its transaction come from `migrate`."""

from alembic import context

from holdfast_server.state_store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
