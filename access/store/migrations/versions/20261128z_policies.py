"""Policies: every version with its files, and which was in force when."""

import sqlalchemy as sa
from alembic import op

revision = "20261128z"
down_revision = "20261128y"


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "policies",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("proposed_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_policies")),
        sa.UniqueConstraint("digest", name=op.f("uq_policies_digest")),
    )
    op.create_table(
        "policy_activations",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("policy", sa.Integer(), nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["policy"], ["policies.seq"], name=op.f("fk_policy_activations_policy")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_policy_activations")),
    )


def downgrade() -> None:
    op.drop_table("policy_activations")
    op.drop_table("policies")
