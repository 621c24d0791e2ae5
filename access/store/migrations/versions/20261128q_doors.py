"""Doors: the register of modes that stand at each, and lockdowns."""

import sqlalchemy as sa
from alembic import op

revision = "20261128q"
down_revision = "20261128p"


def upgrade() -> None:
    op.create_table(
        "door_orders",
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("orders", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("door", name=op.f("pk_door_orders")),
    )
    op.create_table(
        "lockdowns",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("space", sa.String(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lockdowns")),
    )
