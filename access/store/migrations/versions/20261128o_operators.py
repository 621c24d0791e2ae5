"""Accounts: operators and keys bounded to an organisation or a space, who made a key, names that stay taken."""

import sqlalchemy as sa
from alembic import op

revision = "20261128o"
down_revision = "20261125m"


def upgrade() -> None:
    # Organisations and spaces are checked by the use cases: SQLite adds no foreign key to a table that is there.
    op.add_column("organisations", sa.Column("tiers", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("operators", sa.Column("organisation", sa.String(), nullable=True))
    op.add_column("operators", sa.Column("space", sa.String(), nullable=True))
    op.add_column("operators", sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("operators", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("api_keys", sa.Column("created_by", sa.String(), nullable=False, server_default=""))
    op.add_column("api_keys", sa.Column("organisation", sa.String(), nullable=True))
    op.create_index(op.f("ix_api_keys_created_by"), "api_keys", ["created_by"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_api_keys_created_by"), "api_keys")
    for table, column in (
        ("api_keys", "organisation"),
        ("api_keys", "created_by"),
        ("operators", "version"),
        ("operators", "removed_at"),
        ("operators", "space"),
        ("operators", "organisation"),
        ("organisations", "tiers"),
    ):
        op.drop_column(table, column)
