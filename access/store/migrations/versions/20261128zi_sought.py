"""Names: beside each what it is sought and sorted by, its bare words, and the index of people by them."""

import sqlalchemy as sa
from alembic import op

from access.names import bare

revision = "20261128zi"
down_revision = "20261128zh"

_AT_ONCE = 1_000
_INDEX, _INDEX_BEFORE = "ix_people_sought", "ix_people_name"
_TABLES = ("people", "organisations")


def upgrade() -> None:
    kind = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    for table in _TABLES:
        op.add_column(table, sa.Column("sought", kind, nullable=False, server_default=""))
        _fill(sa.table(table, sa.column("id"), sa.column("name"), sa.column("sought")))
        if op.get_bind().dialect.name == "postgresql":
            # SQLite would make the table anew, and drop the old one with all that hangs on it.
            op.alter_column(table, "sought", server_default=None)
    op.drop_index(_INDEX_BEFORE, "people")
    op.create_index(_INDEX, "people", ["sought", "id"])


def _fill(table: sa.TableClause) -> None:
    """Write the bare words of every name there is, some at a time: a city's would not fit into memory."""
    connection, last = op.get_bind(), ""
    words = sa.update(table).where(table.c.id == sa.bindparam("one")).values(sought=sa.bindparam("words"))
    some = sa.select(table.c.id, table.c.name).where(table.c.id > sa.bindparam("last"))
    while rows := connection.execute(some.order_by(table.c.id).limit(_AT_ONCE), {"last": last}).all():
        connection.execute(words, [{"one": one, "words": bare(name)} for one, name in rows])
        last = rows[-1][0]


def downgrade() -> None:
    op.drop_index(_INDEX, "people")
    op.create_index(_INDEX_BEFORE, "people", ["name", "id"])
    for table in _TABLES:
        op.drop_column(table, "sought")
