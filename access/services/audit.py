"""The account of everything: read, prove and hand out what the administration did.

A checkpoint is the end of the record at some moment, signed by the site. Kept elsewhere, by an auditor or a works
council, it proves later that nothing before it was rewritten, not even by somebody with the whole database in hand.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from access.services.signing import fingerprint
from access.store import audit as stored
from access.store.audit import AuditEntry, AuditFilter, Chain
from access.store.database import Database
from access.store.listing import NEWEST, SEQ, Listing, every

__all__ = ["Audit", "AuditEntry", "AuditFilter", "Chain", "Checkpoint"]


class Checkpoint(msgspec.Struct, frozen=True):
    """Where the record ended, signed: Ed25519 over `signed_text`, the key known by its fingerprint."""

    seq: int
    digest: str
    at: datetime
    signature: str
    key: str

    def signed_text(self, site: str) -> bytes:
        """Return what is signed."""
        moment = self.at.astimezone(UTC).isoformat()
        return f"totem audit checkpoint\n{site}\n{self.seq}\n{self.digest}\n{moment}\n".encode()


class Audit:
    """The use cases around the record. Whoever calls has the right to read it."""

    def __init__(self, database: Database, site: str, key: Ed25519PrivateKey) -> None:
        self._database, self._site, self._key = database, site, key

    def page(self, chosen: AuditFilter, listing: Listing = NEWEST) -> list[AuditEntry]:
        """Return a piece of the record, the newest first if not asked for the other way."""
        with self._database.reading() as session:
            return stored.listed(session, chosen, listing)

    def export(self, chosen: AuditFilter, actor: str, at: datetime) -> Iterator[AuditEntry]:
        """Return every entry that is chosen, the oldest first; that they were handed out is an entry too."""
        with self._database.writing() as session:
            stored.append(session, at, actor, "audit-exported", ["audit"])
        return every(partial(self.page, chosen), "seq", SEQ)

    def verify(self) -> Chain:
        """Look at the whole record: is every entry as it was written, and is none missing?"""
        with self._database.reading() as session:
            return stored.verify(session)

    def holds(self, seq: int, digest: str) -> bool | None:
        """Return whether a checkpoint taken before is still part of the record; None if that part has gone by age."""
        with self._database.reading() as session:
            chain, entry = stored.verify(session), stored.entry_at(session, seq)
        if seq < chain.gone or (seq == chain.gone and entry is None and seq > 0):
            return None
        return chain.broken is None and (entry is not None and entry.digest == digest)

    def checkpoint(self, chain: Chain, at: datetime) -> Checkpoint:
        """Return the end of the record, signed; keep it where this server cannot reach it."""
        unsigned = Checkpoint(chain.seq, chain.digest, at, "", fingerprint(self._key))
        signature = self._key.sign(unsigned.signed_text(self._site)).hex()
        return msgspec.structs.replace(unsigned, signature=signature)
