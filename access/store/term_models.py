"""The table of who answers taps for the site."""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from access.store.models import Row


class TermRow(Row):
    """The site's one row: who answers, as which source, since which epoch, and until when by the database's clock.

    `renewals` grows with every write, so that whoever reads the row twice knows whether it was touched in between.
    """

    __tablename__ = "authorizer_terms"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    holder: Mapped[str]
    source: Mapped[str]
    epoch: Mapped[int] = mapped_column(BigInteger)
    renewals: Mapped[int] = mapped_column(BigInteger)
    ends_at: Mapped[datetime]
