"""POST once: an answer is kept under its Idempotency-Key for a day, and given again to the same question."""

from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError

from access.errors import Conflict, Invalid
from access.store import idempotency as stored
from access.store.database import Database
from access.store.idempotency import IN_PROGRESS, AnswerRecord

__all__ = ["AnswerRecord", "Idempotency"]

KEPT = timedelta(days=1)
_GIVEN_UP = timedelta(minutes=1)  # an answer that takes longer died with its process
_MOST_KEY = 255


class Idempotency:
    """The answers kept. `actor` parts the keys of those who ask."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, actor: str, key: str, request_digest: str, at: datetime) -> AnswerRecord | None:
        """Return the answer already given; else None, and the key is taken until `finish` or `abandon`.

        Raise `Conflict` while it is being answered, `Invalid` if the key was used for another question.
        """
        if not key.isprintable() or not 0 < len(key) <= _MOST_KEY:
            raise Invalid(f"Idempotency-Key: expected 1 to {_MOST_KEY} printable characters")
        try:
            return self._begin(AnswerRecord(actor, key, request_digest, at))
        except IntegrityError as error:  # PostgreSQL: somebody took the key in the same moment
            raise Conflict(f"Idempotency-Key {key}: its request is being answered") from error

    def _begin(self, asked: AnswerRecord) -> AnswerRecord | None:
        actor, key, at = asked.actor, asked.key, asked.at
        with self._database.writing() as session:
            stored.forget_before(session, at - KEPT)
            known = stored.get(session, actor, key)
            if known is not None and (known.status != IN_PROGRESS or known.at > at - _GIVEN_UP):
                if known.request_digest != asked.request_digest:
                    raise Invalid(
                        f"Idempotency-Key {key}: it was used for another request, or with other rights"
                    )
                if known.status == IN_PROGRESS:
                    raise Conflict(f"Idempotency-Key {key}: its request is being answered")
                return known
            if known is not None:
                stored.drop(session, actor, key)
            stored.take(session, asked)
        return None

    def finish(self, answer: AnswerRecord) -> None:
        """Keep the answer."""
        with self._database.writing() as session:
            stored.put(session, answer)

    def abandon(self, actor: str, key: str) -> None:
        """Let go of a key whose question was not answered."""
        with self._database.writing() as session:
            stored.drop(session, actor, key)
