"""Privacy: how long people are kept, what was forgotten, who was erased, what is held."""

import sqlalchemy as sa
from alembic import op

revision = "20261128v"
down_revision = "20261128u"


def upgrade() -> None:
    linked = sa.text("person IS NOT NULL OR badge IS NOT NULL")
    op.create_index("ix_events_linked", "events", ["at"], sqlite_where=linked, postgresql_where=linked)
    op.create_table(
        "kept_for",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("at", _instant(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("override", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_kept_for")),
    )
    op.create_table(
        "purges",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", _instant(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("before", _instant(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("left", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_purges")),
    )
    op.create_table(
        "erasures",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("pseudonym", sa.String(), nullable=False),
        sa.Column("at", _instant(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_erasures")),
    )
    op.create_table(
        "holds",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=True),
        *(sa.Column(name, _instant(), nullable=False) for name in ("since", "until")),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("reason", "asked_by")),
        *(sa.Column(name, _instant(), nullable=False) for name in ("asked_at", "expires_at")),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("approved_at", _instant(), nullable=True),
        sa.Column("lifted_by", sa.String(), nullable=True),
        sa.Column("lifted_at", _instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )


def downgrade() -> None:
    for table in ("holds", "erasures", "purges", "kept_for"):
        op.drop_table(table)
    op.drop_index("ix_events_linked", "events")


def _instant() -> sa.DateTime:
    return sa.DateTime(timezone=True)
