"""Roll-calls: how many more each space counted than were known by name; not known of those opened before."""

import sqlalchemy as sa
from alembic import op

revision = "20261128zd"
down_revision = "20261128zc"


def upgrade() -> None:
    op.add_column("musters", sa.Column("unnamed", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("musters", "unnamed")
