"""Lists: an index, with the key behind it, for every column that a long list is sorted by."""

from alembic import op

revision = "20261128ze"
down_revision = "20261128zd"

_ORDERS = {
    "people": ("name", "organisation", "valid_until"),
    "badges": ("issued_at", "last_used", "valid_until"),
    "grants": ("valid_from", "valid_until"),
    "visits": ("valid_from", "valid_until"),
}
_TRAININGS = "ix_certifications_until"


def upgrade() -> None:
    op.drop_index("ix_people_organisation", "people")
    op.drop_index(_TRAININGS, "certifications")
    op.create_index(_TRAININGS, "certifications", ["until", "person", "certification"])
    for table, columns in _ORDERS.items():
        for column in columns:
            op.create_index(f"ix_{table}_{column}", table, [column, "id"])


def downgrade() -> None:
    for table, columns in _ORDERS.items():
        for column in columns:
            op.drop_index(f"ix_{table}_{column}", table)
    op.drop_index(_TRAININGS, "certifications")
    op.create_index(_TRAININGS, "certifications", ["until"])
    op.create_index("ix_people_organisation", "people", ["organisation"])
