"""Occupancy: counts by space and day, lengths of visits, the live safety state, roll-calls."""

import sqlalchemy as sa
from alembic import op

revision = "20261125m"
down_revision = "0001"

_PACKED = ("means", "lows", "highs", "inferred", "hourly_entries", "hourly_exits")

_SUMMARY = ["day", "space", "peak", "person_minutes", "minutes", "daytime", "entries", "exits"]


def upgrade() -> None:
    op.create_table(
        "occupancy_days",
        sa.Column("space", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("peak", "peak_minute")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("person_minutes", "minutes")),
        sa.Column("daytime", sa.Float(), nullable=True),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("entries", "exits")),
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in _PACKED),
        sa.PrimaryKeyConstraint("space", "day", name=op.f("pk_occupancy_days")),
    )
    op.create_index("ix_occupancy_days_day", "occupancy_days", _SUMMARY, unique=False)
    op.create_table(
        "occupancy_minutes",
        sa.Column("space", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("counts", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("space", "day", name=op.f("pk_occupancy_minutes")),
    )
    op.create_table(
        "visits_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("lengths", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("day", "kind", name=op.f("pk_visits_days")),
    )
    _safety()


def _safety() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "presence",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.Column("tallies", sa.Text(), nullable=False),
        sa.Column("doubts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presence")),
    )
    op.create_table(
        "musters",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("opened_at", instant, nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("is_drill", sa.Boolean(), nullable=False),
        sa.Column("closed_at", instant, nullable=True),
        sa.Column("people", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_musters")),
    )
    op.create_table(
        "musters_safe",
        sa.Column("muster", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("muster", "person", name=op.f("pk_musters_safe")),
    )


def downgrade() -> None:
    for table in (
        "musters_safe",
        "musters",
        "presence",
        "visits_days",
        "occupancy_minutes",
        "occupancy_days",
    ):
        op.drop_table(table)
