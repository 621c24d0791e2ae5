"""What changed for doors, by version: the outbox that deltas are made from."""

import sqlalchemy as sa
from alembic import op

revision = "20261128p"
down_revision = "20261128o"


def upgrade() -> None:
    op.create_table(
        "changes",
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("noun", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", "noun", "subject", name=op.f("pk_changes")),
    )
    counters = ("published", "deltas_from")
    for counter in counters:
        op.add_column("site", sa.Column(counter, sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("UPDATE site SET published = publication, deltas_from = publication")
    with op.batch_alter_table("site") as site:
        for counter in counters:
            site.alter_column(counter, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("site") as site:
        site.drop_column("deltas_from")
        site.drop_column("published")
    op.drop_table("changes")
