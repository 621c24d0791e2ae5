"""Sources: up to where the events of an epoch were kept for their time and are gone, so that the rest proves itself."""

import sqlalchemy as sa
from alembic import op

revision = "20261128zf"
down_revision = "20261128ze"

_BEFORE_THE_FIRST, _GENESIS = 0, "0" * 64


def upgrade() -> None:
    with op.batch_alter_table("sources") as sources:
        sources.add_column(
            sa.Column("gone_seq", sa.BigInteger(), nullable=False, server_default=str(_BEFORE_THE_FIRST))
        )
        sources.add_column(
            sa.Column("gone_digest", sa.String(length=64), nullable=False, server_default=_GENESIS)
        )
    with op.batch_alter_table("sources") as sources:
        sources.alter_column("gone_seq", server_default=None)
        sources.alter_column("gone_digest", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("sources") as sources:
        sources.drop_column("gone_digest")
        sources.drop_column("gone_seq")
