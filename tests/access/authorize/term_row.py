"""The row of the database in which the term stands, as the search for a lease's faults has it: no SQL, any clock.

That it is the row that PostgreSQL has is shown in `tests/access/store/test_terms.py`.
"""

from access.store.terms import Term, Won


class Row:
    """The row, and the database's clock in seconds, which may be set."""

    def __init__(self):
        self.holder, self.epoch, self.renewals, self.ends_at, self.now = "", 0, 0, None, 0.0
        self.held_since = 0

    def term(self):
        is_over = self.ends_at is None or self.ends_at < self.now
        return Term(self.holder, self.epoch, self.held_since, self.renewals, is_over, self.ends_at is None)

    def take(self, holder, seen, lasts):
        untouched = (seen.epoch, seen.renewals) == (self.epoch, self.renewals)
        if holder != self.holder and not (untouched and self.term().is_over):
            return None
        before, first = self.holder, self.epoch == 0
        self._write(holder, lasts)
        self.epoch = max(self.epoch + 1, int(self.now * 1000))
        self.held_since = 0 if first else self.held_since if holder == before else self.epoch
        return Won(self.epoch, self.held_since)

    def renew(self, holder, epoch, lasts):
        is_ours = (holder, epoch) == (self.holder, self.epoch)
        if is_ours:
            self._write(holder, lasts)
        return is_ours

    def give_up(self, holder, epoch):
        if (holder, epoch) == (self.holder, self.epoch):
            self.renewals, self.ends_at = self.renewals + 1, None

    def _write(self, holder, lasts):
        self.holder, self.renewals, self.ends_at = holder, self.renewals + 1, self.now + lasts.total_seconds()
