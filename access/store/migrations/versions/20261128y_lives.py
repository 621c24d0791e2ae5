"""What a desk needs every day: last use and successor of badges, who certified and granted, visits."""

import sqlalchemy as sa
from alembic import op

revision = "20261128y"
down_revision = "20261128w"


def _added(table: str, *columns: sa.Column[object]) -> None:
    """Add columns; a default stands only as long as the rows that are there need one."""
    for column in columns:
        op.add_column(table, column)
    with op.batch_alter_table(table) as batch:
        for column in columns:
            if not column.nullable:
                batch.alter_column(column.name, server_default=None)


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    _added(
        "badges",
        sa.Column("issued_at", instant, nullable=True),
        sa.Column("last_used", sa.Date(), nullable=True),
        sa.Column("replaced_by", sa.String(), nullable=True),
    )
    _added(
        "certifications",
        sa.Column("level", sa.String(), nullable=False, server_default="autonomous"),
        sa.Column("granted_by", sa.String(), nullable=False, server_default=""),
        sa.Column("granted_at", instant, nullable=True),
    )
    op.create_index("ix_certifications_until", "certifications", ["until"], unique=False)
    _added(
        "grants",
        sa.Column("given_by", sa.String(), nullable=False, server_default=""),
        sa.Column("reason", sa.String(), nullable=False, server_default=""),
        sa.Column("most_uses", sa.Integer(), nullable=True),
        sa.Column("uses", sa.Integer(), nullable=False, server_default="0"),
    )
    op.create_table(
        "visits",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("doors", sa.JSON(), nullable=False),
        sa.Column("spaces", sa.JSON(), nullable=False),
        sa.Column("valid_from", instant, nullable=False),
        sa.Column("valid_until", instant, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("escorted", sa.Boolean(), nullable=False),
        sa.Column("badge", sa.String(), nullable=True),
        sa.Column("arrived_at", instant, nullable=True),
        sa.Column("left_at", instant, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_visits_person"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["host"], ["people.id"], name=op.f("fk_visits_host"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits")),
    )
    op.create_index("ix_visits_state", "visits", ["state", "valid_from"], unique=False)
    op.create_index(op.f("ix_visits_host"), "visits", ["host"], unique=False)
    op.create_index(op.f("ix_visits_person"), "visits", ["person"], unique=False)


def downgrade() -> None:
    op.drop_table("visits")
    op.drop_index("ix_certifications_until", "certifications")
    for table, columns in (
        ("grants", ("uses", "most_uses", "reason", "given_by")),
        ("certifications", ("granted_at", "granted_by", "level")),
        ("badges", ("replaced_by", "last_used", "issued_at")),
    ):
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.drop_column(column)
