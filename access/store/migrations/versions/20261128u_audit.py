"""Audit: what somebody's events were read for, and where the record begins once its oldest part has gone."""

import sqlalchemy as sa
from alembic import op

revision = "20261128u"
down_revision = "20261128r"


def upgrade() -> None:
    op.add_column("audit", sa.Column("purpose", sa.String(), nullable=True))
    op.add_column("audit", sa.Column("reason", sa.String(), nullable=True))
    op.create_index(op.f("ix_audit_subject"), "audit", ["subject"], unique=False)
    op.create_index(op.f("ix_audit_actor"), "audit", ["actor"], unique=False)
    op.add_column("site", sa.Column("audit_gone_seq", sa.BigInteger(), nullable=False, server_default="0"))
    genesis = "0" * 64
    op.add_column(
        "site", sa.Column("audit_gone_digest", sa.String(length=64), nullable=False, server_default=genesis)
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_audit_actor"), "audit")
    op.drop_index(op.f("ix_audit_subject"), "audit")
    for table, column in (
        ("site", "audit_gone_digest"),
        ("site", "audit_gone_seq"),
        ("audit", "reason"),
        ("audit", "purpose"),
    ):
        op.drop_column(table, column)
