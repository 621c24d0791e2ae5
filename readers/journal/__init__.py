"""The source's own record: append-only, hash-chained, kept until the server has it. One file an epoch."""

from readers.journal.chain import Fault, Link, Verification, verify, walk
from readers.journal.commit import GroupCommit
from readers.journal.journal import Durability, FileJournal
from readers.journal.retention import forget

__all__ = [
    "Durability",
    "Fault",
    "FileJournal",
    "GroupCommit",
    "Link",
    "Verification",
    "forget",
    "verify",
    "walk",
]
