"""The table of who answers taps for the site."""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from access.store.models import Row


class TermRow(Row):
    """The site's one row: who answers, as which source, since which epoch, and until when by the database's clock.

    `held_since` is the epoch at which the holder's terms began to follow one another, 0 where nobody held any before.
    `renewals` grows with every write, so that whoever reads the row twice knows whether it was touched in between.
    """

    __tablename__ = "authorizer_terms"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    holder: Mapped[str]
    source: Mapped[str]
    epoch: Mapped[int] = mapped_column(BigInteger)
    held_since: Mapped[int] = mapped_column(BigInteger, default=0)
    renewals: Mapped[int] = mapped_column(BigInteger)
    ends_at: Mapped[datetime]
