"""Servers of a site with many door computers that are killed while they revoke: each life revokes one badge.

`python -m` this with the words of `publication_victims`; on stdin the number of the badge, 0 for none.
"""

from functools import partial

from access.services.badges import BadgeRecord, BadgeVerb
from policies.ids import BadgeId, DoorId, PersonId, SourceId
from policies.roster import BadgeKind
from tests.access.services.publication_victims import main
from tests.small_site import NOON
from tests.soak import soaked

READERS = soaked(8, 200)
FRONT = (DoorId("front"),)
SOURCES = {SourceId(f"edge-{number}"): FRONT for number in range(1, READERS + 1)}
HOLDER = PersonId("ada")


def badge(number):
    """Return a badge that one life revokes."""
    return BadgeRecord(BadgeId(f"04{number:012x}"), BadgeKind.UID, HOLDER)


def acts(services, run):
    """Yield the one thing that a life does."""
    yield partial(services.badges.say, badge(run).id, BadgeVerb.REVOKE, "test", NOON)


if __name__ == "__main__":
    main(acts=acts, scopes=SOURCES)
