"""How Alembic runs a migration here: over the connection it is given, in that connection's transaction."""

from alembic import context
from sqlalchemy import Connection

from access.store.models import Row


def migrate(connection: Connection) -> None:
    """Run the migrations that are asked for."""
    context.configure(connection=connection, target_metadata=Row.metadata, render_as_batch=True)
    context.run_migrations()


migrate(context.config.attributes["connection"])
