"""Audit: the hash of salt and subject, which the chain holds instead of the subject, so that one can be forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "20261128zc"
down_revision = "20261128zb"


def upgrade() -> None:
    op.add_column("audit", sa.Column("salt", sa.String(length=32), nullable=True))
    op.add_column("audit", sa.Column("sealed", sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column("audit", "sealed")
    op.drop_column("audit", "salt")
