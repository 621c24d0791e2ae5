"""The topics of the bus, below `totem/v1/{site}/`."""

from policies.ids import DoorId, SiteId, SourceId, SpaceId

_LEVELS_ABOVE = 3  # totem, v1, site


class Topics:
    """The topics of one site."""

    def __init__(self, site: SiteId) -> None:
        self._site = site
        self.root = f"totem/v1/{site}"

    def client(self, source: SourceId | str) -> str:
        """Return the name by which a source connects: no other has it, even where sites share a broker."""
        return f"totem-{self._site}-{source}"

    @property
    def server_status(self) -> str:
        """Return whether the server tells counts, retained: `online`, or `offline` as its last will."""
        return f"{self.root}/status"

    def events(self, source: SourceId | str) -> str:
        """Return where a source sends its batches: lines of events, the oldest first; `+` for all sources."""
        return f"{self.root}/sources/{source}/events"

    def seats(self, source: SourceId | str) -> str:
        """Return where an authorizer tells the others of seats as it gives them away; `+` for all."""
        return f"{self.root}/sources/{source}/seats"

    def ack(self, source: SourceId | str) -> str:
        """Return where the server tells a source how far its events are stored."""
        return f"{self.root}/sources/{source}/ack"

    def status(self, source: SourceId | str) -> str:
        """Return the retained status of a source; its last will says `offline`."""
        return f"{self.root}/sources/{source}/status"

    def snapshot(self, scope: str) -> str:
        """Return the retained signed snapshot of a scope: the name of the source it is for."""
        return f"{self.root}/snapshot/{scope}"

    def changes(self) -> str:
        """Return where the signed deltas go that every door computer takes."""
        return f"{self.root}/changes"

    def missing(self, source: SourceId | str) -> str:
        """Return where one door computer is sent the delta that it lacks."""
        return f"{self.root}/changes/{source}"

    def occupancy(self, space: SpaceId | str) -> str:
        """Return the retained count of a space."""
        return f"{self.root}/spaces/{space}/occupancy"

    def alert(self, space: SpaceId | str) -> str:
        """Return where it is told that a space reached a limit, or is below it again; not retained."""
        return f"{self.root}/spaces/{space}/alert"

    def door_state(self, door: DoorId | str) -> str:
        """Return the retained state of a door."""
        return f"{self.root}/doors/{door}/state"

    def door_command(self, door: DoorId | str) -> str:
        """Return where a door is told what to do: signed commands, its register of modes retained."""
        return f"{self.root}/doors/{door}/command"

    def subject(self, topic: str) -> str:
        """Return whom a topic below `sources/`, `doors/` or `spaces/` is about: its level after the noun."""
        return topic.split("/")[_LEVELS_ABOVE + 1]
