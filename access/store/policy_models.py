"""The tables of policies, typed, as `models` for the rest."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from access.store.models import Row


class PolicyRow(Row):
    """One version of the rules: its files as they were sent. The digest is of their exact texts."""

    __tablename__ = "policies"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[str]
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    files: Mapped[dict[str, str]] = mapped_column(JSON)
    note: Mapped[str]
    proposed_by: Mapped[str]
    proposed_at: Mapped[datetime]


class PolicyActivationRow(Row):
    """From when on a version was in force, until the next activation."""

    __tablename__ = "policy_activations"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    policy: Mapped[int] = mapped_column(ForeignKey("policies.seq"))
    at: Mapped[datetime]
    actor: Mapped[str]
