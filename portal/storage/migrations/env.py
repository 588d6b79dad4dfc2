"""Alembic's entry: runs over the connection `portal.storage.migrate` hands in."""

from alembic import context

from portal.storage.tables import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
