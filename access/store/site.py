"""The site's one row: who it is, and its counters. Every administrative write locks it first, so that they queue."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.errors import Conflict
from access.store.models import SiteRow
from policies.ids import SiteId

GENESIS = "0" * 64
_ONLY = 1


def is_settled(session: Session) -> bool:
    """Return whether the database belongs to a site already."""
    return bool(locked(session).name)


def settle(session: Session, site: SiteId, key_fingerprint: str) -> None:
    """Make the database this site's, or check that it is and that it signs with this key."""
    row = locked(session)
    if not row.name:
        row.name, row.key_fingerprint = site, key_fingerprint
        session.flush()
        return
    if row.name != site:
        raise Conflict(f"this database belongs to the site {row.name}, expected {site}")
    if row.key_fingerprint != key_fingerprint:
        raise Conflict(
            f"site {site}: the signing key is {key_fingerprint[:16]}…, expected {row.key_fingerprint[:16]}…; "
            "doors would refuse what it signs"
        )


def read(session: Session) -> SiteRow:
    """Return the site's row as it is in this transaction, held by nobody."""
    return session.scalars(select(SiteRow).where(SiteRow.id == _ONLY)).one()


def locked(session: Session) -> SiteRow:
    """Return the site's row, held until the transaction ends."""
    return session.scalars(select(SiteRow).where(SiteRow.id == _ONLY).with_for_update()).one()
