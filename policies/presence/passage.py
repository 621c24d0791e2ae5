"""What the fold reads: passages through doors, and corrections of what they came to. Ordered by their place."""

from datetime import datetime
from enum import Enum

import msgspec

from policies.ids import DoorId, PersonId, SourceId, SpaceId

Place = tuple[datetime, SourceId, int, int]
"""(corrected time, source, epoch, sequence): the order of the fold, and what makes an entry the same entry."""

Way = tuple[SpaceId, SpaceId]
"""From a space into the next: all doors that lead there. Which of two doors somebody took unseen, nobody can tell."""


class Passage(msgspec.Struct, frozen=True, order=True, gc=False):
    """Somebody went through a door.

    `at` is the event's time corrected by the source's clock offset; `person` is None where nobody was identified.
    `taken` is False for a permit after which the contact said nothing: no passage, unless that contact is dead.
    """

    at: datetime
    source: SourceId
    epoch: int
    seq: int
    door: DoorId
    origin: SpaceId
    target: SpaceId
    person: PersonId | None = None
    taken: bool = True

    @property
    def place(self) -> Place:
        """Return where the passage stands in the order of the fold."""
        return self.at, self.source, self.epoch, self.seq


class Act(Enum):
    """What is said about the presence, by somebody in charge or a released door. An alarm lets nothing expire."""

    COUNT_SET = "count-set"
    PERSON_REMOVED = "person-removed"
    MUSTERED = "mustered"
    ALARM_BEGAN = "alarm-began"
    ALARM_ENDED = "alarm-ended"


class Correction(msgspec.Struct, frozen=True, gc=False):
    """What is said of the presence: a count with `space` (one without spaces inside it), a removal with `person`.

    An alarm goes with the `door` that was released; it is over when all of them are re-armed.
    """

    at: datetime
    source: SourceId
    epoch: int
    seq: int
    act: Act
    space: SpaceId | None = None
    number: int = 0
    person: PersonId | None = None
    door: DoorId | None = None

    @property
    def place(self) -> Place:
        """Return where the correction stands in the order of the fold."""
        return self.at, self.source, self.epoch, self.seq


Entry = Passage | Correction


class Cause(Enum):
    """Why the fold holds something that no event says."""

    SEEN_ELSEWHERE = "seen-elsewhere"
    CAME_UNSEEN = "came-unseen"
    MORE_LEFT_THAN_CAME = "more-left-than-came"
    DWELT_TOO_LONG = "dwelt-too-long"
    QUIET_HOUR = "quiet-hour"
    COUNT_SET = "count-set"
    CONTACT_DEAD = "contact-dead"


class Inference(msgspec.Struct, frozen=True, gc=False):
    """A correction that the fold made by itself: when, why, and in which space the count was wrong before."""

    at: datetime
    cause: Cause
    space: SpaceId


class Doubt(msgspec.Struct, frozen=True, gc=False):
    """Somebody who is only inferred to have left: no longer counted, and still to be accounted for in an alarm."""

    seen: Passage
    since: datetime
    cause: Cause


AT_CLOSE = 24
"""After every hour of the day."""


class Tally(msgspec.Struct, frozen=True):
    """What passed between two quiet hours, as a drift model learns from it.

    `seen` are the passages by door, space reached and UTC hour; `hidden` those that nobody reported but that must have
    been, and `found` the same by the UTC hour they were found out in (`AT_CLOSE`: by the quiet hour itself). `dead` are
    ways by a door whose contact was dead: what they hide is no measure of what people do.
    `is_whole` says that the stretch began with a quiet hour too.
    """

    until: datetime
    seen: dict[tuple[DoorId, SpaceId, int], int]
    hidden: dict[Way, int]
    dead: tuple[Way, ...]
    is_whole: bool
    found: dict[tuple[Way, int], int] = {}
