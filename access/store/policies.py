"""Policies as they are kept: proposed once, with their files; activated as often as somebody says."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

import msgspec
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from access.store.listing import Listing, piece
from access.store.models import TierHeldRow
from access.store.policy_models import PolicyActivationRow, PolicyRow
from policies.ids import TierId


class PolicyRecord(msgspec.Struct, frozen=True):
    """One version of the rules. `seq` numbers them as they came; `version` is the name that decisions carry."""

    seq: int
    version: str
    files: Mapping[str, str]
    note: str
    proposed_by: str
    proposed_at: datetime


class Activation(msgspec.Struct, frozen=True):
    """From when on a policy was in force, and who said so."""

    seq: int
    policy: int
    at: datetime
    actor: str


def digest(files: Mapping[str, str]) -> str:
    """Return the hash that tells files apart, comments and layout included."""
    return hashlib.sha256(msgspec.json.encode(dict(files), order="sorted")).hexdigest()


def add(session: Session, policy: PolicyRecord) -> PolicyRecord:
    """Write a policy under the next number; return it with that."""
    seq = (session.scalar(select(func.max(PolicyRow.seq))) or 0) + 1
    numbered = msgspec.structs.replace(policy, seq=seq)
    columns = msgspec.structs.asdict(numbered) | {"files": dict(policy.files), "digest": digest(policy.files)}
    session.execute(insert(PolicyRow), [columns])
    return numbered


def get(session: Session, seq: int) -> PolicyRecord | None:
    """Return one policy; None if there is none."""
    row = session.scalar(select(PolicyRow).where(PolicyRow.seq == seq))
    return None if row is None else _record(row)


def with_files(session: Session, files: Mapping[str, str]) -> PolicyRecord | None:
    """Return the policy with exactly these files; None if there is none."""
    row = session.scalar(select(PolicyRow).where(PolicyRow.digest == digest(files)))
    return None if row is None else _record(row)


def page(session: Session, listing: Listing) -> list[PolicyRecord]:
    """Return a piece of the list of policies."""
    return list(map(_record, piece(session, select(PolicyRow), PolicyRow, listing)))


def activate(session: Session, policy: int, at: datetime, actor: str) -> None:
    """Write that a policy is in force from now on."""
    seq = (session.scalar(select(func.max(PolicyActivationRow.seq))) or 0) + 1
    row = {"seq": seq, "policy": policy, "at": at, "actor": actor}
    session.execute(insert(PolicyActivationRow), [row])


def activations(session: Session, limit: int) -> list[Activation]:
    """Return up to `limit` activations, the newest first."""
    query = select(PolicyActivationRow).order_by(PolicyActivationRow.seq.desc()).limit(limit)
    return [Activation(row.seq, row.policy, row.at, row.actor) for row in session.scalars(query)]


def tiers_in_use(session: Session) -> dict[TierId, int]:
    """Return how many people hold each tier that somebody holds."""
    query = select(TierHeldRow.tier, func.count()).group_by(TierHeldRow.tier).order_by(TierHeldRow.tier)
    return {TierId(tier): count for tier, count in session.execute(query)}


def _record(row: PolicyRow) -> PolicyRecord:
    return PolicyRecord(row.seq, row.version, row.files, row.note, row.proposed_by, row.proposed_at)
