"""Tables of what doors were ordered, each door's register and the lockdowns of spaces; and of PINs."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from access.store.models import Row


class DoorOrdersRow(Row):
    """A door's register of modes as it is sent (JSON), under its newest revision."""

    __tablename__ = "door_orders"

    door: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger)
    orders: Mapped[str] = mapped_column(Text)


class LockdownRow(Row):
    """A lockdown of a space, or of the whole site where `space` is null; over when `ended_at` or `until` has passed."""

    __tablename__ = "lockdowns"

    id: Mapped[str] = mapped_column(primary_key=True)
    space: Mapped[str | None]
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    actor: Mapped[str]
    reason: Mapped[str]
    ended_at: Mapped[datetime | None]


class PinRow(Row):
    """The hash of somebody's PIN (readers.wire.pin)."""

    __tablename__ = "pins"

    person: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    hash: Mapped[str]
