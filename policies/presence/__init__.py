"""Who is where: a pure fold of passages."""

from policies.presence.fold import Passage, Presence, fold

__all__ = ["Passage", "Presence", "fold"]
