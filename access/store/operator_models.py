"""The tables of operators, their sessions and the keys of machines: hashes, never a secret."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from access.store.models import Row


class OperatorRow(Row):
    """Somebody who signs in. The password is kept as its argon2id hash only."""

    __tablename__ = "operators"

    name: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str]
    password_hash: Mapped[str]
    one_time: Mapped[bool]
    disabled: Mapped[bool]
    failures: Mapped[int]
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    organisation: Mapped[str | None]
    space: Mapped[str | None]
    removed_at: Mapped[datetime | None]
    version: Mapped[int]


class SessionRow(Row):
    """A signed-in browser, found by the hash of its token."""

    __tablename__ = "sessions"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    operator: Mapped[str] = mapped_column(ForeignKey("operators.name", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class ApiKeyRow(Row):
    """A machine's key, found by the hash of its secret."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(index=True)
    organisation: Mapped[str | None]
