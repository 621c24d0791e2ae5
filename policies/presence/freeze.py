"""What a release does to the fold: nobody expires while it lasts, and who was inside when it began is not forgotten.

People leave by doors that stand open and tap no badge then: the list of a roll-call stands on what was known before.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from policies.ids import PersonId
from policies.presence.passage import Doubt, Passage

LASTS = timedelta(days=1)
"""A release that nobody re-armed for so long holds nothing up any more: its door's computer may be gone for good."""


class Freeze(msgspec.Struct, frozen=True):
    """The presence at the moment of a release: everybody's last passage, and who was only inferred to have left."""

    since: datetime
    inside: Mapping[PersonId, Passage]
    doubts: Mapping[PersonId, Doubt]
