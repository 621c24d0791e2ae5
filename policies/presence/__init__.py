"""Who is where: a pure fold of passages."""

from policies.presence.expiry import Expiry, dwell_limit
from policies.presence.fold import Presence, counts, fold, stream
from policies.presence.freeze import Freeze
from policies.presence.passage import Act, Cause, Correction, Doubt, Entry, Inference, Passage, Tally, Way
from policies.presence.seats import Seat, Seats
from policies.presence.state import State
from policies.presence.ways import Ways

__all__ = [
    "Act",
    "Cause",
    "Correction",
    "Doubt",
    "Entry",
    "Expiry",
    "Freeze",
    "Inference",
    "Passage",
    "Presence",
    "Seat",
    "Seats",
    "State",
    "Tally",
    "Way",
    "Ways",
    "counts",
    "dwell_limit",
    "fold",
    "stream",
]
