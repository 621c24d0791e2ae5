"""The audit by time: who gave the commands that doors tell of, and a period of it."""

from alembic import op

revision = "20261128zh"
down_revision = "20261128zg"


def upgrade() -> None:
    op.create_index("ix_audit_at", "audit", ["at"])


def downgrade() -> None:
    op.drop_index("ix_audit_at", "audit")
