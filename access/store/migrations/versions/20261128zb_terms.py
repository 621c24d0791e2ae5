"""Terms: which authorizer answers for the site, under which epoch, until when."""

import sqlalchemy as sa
from alembic import op

revision = "20261128zb"
down_revision = "20261128z"


def upgrade() -> None:
    terms = op.create_table(
        "authorizer_terms",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("renewals", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authorizer_terms")),
    )
    long_ago = sa.text("'2000-01-01 00:00:00.000000'")
    op.execute(terms.insert().values(id=1, holder="", source="", epoch=0, renewals=0, ends_at=long_ago))


def downgrade() -> None:
    op.drop_table("authorizer_terms")
