"""Answers kept under the Idempotency-Key that they were asked with. A status of 0 means: still being answered."""

from datetime import datetime

import msgspec
from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from access.store.models import IdempotentAnswerRow

IN_PROGRESS = 0


class AnswerRecord(msgspec.Struct, frozen=True):
    """What was asked, as a hash, and what was answered."""

    actor: str
    key: str
    request_digest: str
    at: datetime
    status: int = IN_PROGRESS
    headers: dict[str, str] = {}
    body: bytes = b""


def get(session: Session, actor: str, key: str) -> AnswerRecord | None:
    """Return the answer kept under a key; None if there is none."""
    row = session.get(IdempotentAnswerRow, (actor, key), with_for_update=True)
    if row is None:
        return None
    return AnswerRecord(row.actor, row.key, row.request_digest, row.at, row.status, row.headers, row.body)


def put(session: Session, answer: AnswerRecord) -> None:
    """Keep an answer, in the place of an earlier one."""
    drop(session, answer.actor, answer.key)
    take(session, answer)


def take(session: Session, answer: AnswerRecord) -> None:
    """Take a key that nobody has; raise `IntegrityError` where somebody took it in the same moment."""
    session.execute(insert(IdempotentAnswerRow).values(msgspec.structs.asdict(answer)))


def drop(session: Session, actor: str, key: str) -> None:
    """Forget what is kept under a key."""
    row = IdempotentAnswerRow
    session.execute(delete(row).where(row.actor == actor, row.key == key))


def forget_before(session: Session, at: datetime) -> None:
    """Forget everything older than `at`."""
    session.execute(delete(IdempotentAnswerRow).where(IdempotentAnswerRow.at < at))
