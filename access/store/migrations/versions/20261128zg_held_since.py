"""Terms: since when the holder's have followed one another, so that a restart knows whose seats may be in flight."""

import sqlalchemy as sa
from alembic import op

revision = "20261128zg"
down_revision = "20261128zf"


def upgrade() -> None:
    with op.batch_alter_table("authorizer_terms") as terms:
        terms.add_column(sa.Column("held_since", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("UPDATE authorizer_terms SET held_since = epoch")


def downgrade() -> None:
    with op.batch_alter_table("authorizer_terms") as terms:
        terms.drop_column("held_since")
