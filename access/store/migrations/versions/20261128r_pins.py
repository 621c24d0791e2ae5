"""PINs: their hashes, in a table of their own."""

import sqlalchemy as sa
from alembic import op

revision = "20261128r"
down_revision = "20261128q"


def upgrade() -> None:
    op.create_table(
        "pins",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_pins_person"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_pins")),
    )
