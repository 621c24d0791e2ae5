"""From news to viewers: redraws what changed, at most ten times a second, and hands it to the hubs.

Nothing is drawn for a language that nobody watches. Call it on the event loop; one drawing takes a few milliseconds.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import date, datetime, tzinfo

import msgspec
from markupsafe import Markup

from access.dashboard.hub import LogHub, StateHub
from access.dashboard.pieces import carried
from access.dashboard.render import Glimpse, Renderer, look
from access.dashboard.sparks import Sparks
from access.dashboard.watchers import Watchers
from access.dashboard.words import Language
from access.occupancy.disclosure import Disclosure
from access.occupancy.live import LiveBuilding
from access.services.doors import Lockdown
from policies.ids import SpaceId
from readers.wire.events import Event

SHORTEST_PAUSE_S = 0.1
"""Between two drawings: what changed is on the screen well within a quarter of a second of its passage."""

CLOCK_S = 1.0
"""How often the page's clock is looked at while somebody watches."""

_BEAT = b"event: beat\ndata: -\n\n"
"""The page's heartbeat: a real event, because a script does not see comments."""


class Broadcast:
    """The streams of one building: pages by language, counts and events for programs, counts as disclosed.

    `speed` is how many seconds of the event loop pass in one of the wall: eyes keep the wall's pace. `lockdowns` are
    asked for again and again, so they answer from memory.
    """

    def __init__(
        self,
        live: LiveBuilding,
        now: Callable[[], datetime],
        timezone: tzinfo,
        speed: float = 1.0,
        disclosure: Disclosure | None = None,
        lockdowns: Callable[[datetime], tuple[Lockdown, ...]] = lambda _: (),
    ) -> None:
        self.live, self._speed, self._lockdowns = live, speed, lockdowns
        self.disclosure = disclosure or Disclosure(live)
        self.occupancy, self.events, self.watchers = StateHub(), LogHub(), Watchers()
        self.disclosed = StateHub()
        self.pages = {language: StateHub(_BEAT) for language in Language}
        self.renderers = {language: Renderer(live.building, language, timezone) for language in Language}
        self.sparks = Sparks(live, self.renderers[Language.FR].sparked)
        self._now, self.timezone = now, timezone
        self._published: dict[Language, dict[str, Markup]] = {language: {} for language in Language}
        self._counted: dict[SpaceId, tuple[object, ...]] = {}
        self._disclosed_at: datetime | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._drawn_at = float("-inf")

    def notify(self, events: Sequence[Event] = ()) -> None:
        """Say that the live building changed, by these events or otherwise. It has taken them already."""
        for event in events:
            self.events.publish(event.type.value, _ENCODER.encode(_nameless(event)))
        if any(hub.viewers for hub in (self.occupancy, *self.pages.values())):
            self._draw_soon()

    def page(self, language: Language) -> tuple[dict[str, Markup], str]:
        """Return the page's pieces as they are now, and the mark from which a stream tells what comes after."""
        return self._publish_page(language, self._glimpse()), self.pages[language].mark

    def watch(self, hub: StateHub) -> StateHub:
        """Bring the hub's state up to date for a viewer that is about to follow it; return it."""
        self._draw(force=hub)
        self._draw_soon(CLOCK_S)
        return hub

    def lockdown(self, language: Language) -> Markup:
        """Return what the top of every page says of lockdowns now."""
        return self.renderers[language].lockdown(self._lockdowns(self._now()))

    def today(self) -> date:
        """Return the day on the building's wall."""
        return self._now().astimezone(self.timezone).date()

    def close(self) -> None:
        """End all streams. Call it before the server waits for its connections to end."""
        if self._timer is not None:
            self._timer.cancel()
        for hub in (self.occupancy, self.disclosed, self.events, *self.pages.values()):
            hub.close()

    def _glimpse(self) -> Glimpse:
        now = self._now()
        self.live.advance(now)
        return look(self.live, now, self.sparks.at(now), self._lockdowns(now))

    def _draw_soon(self, pause_s: float = SHORTEST_PAUSE_S) -> None:
        loop = asyncio.get_running_loop()
        due = max(self._drawn_at + pause_s * self._speed, loop.time())
        if self._timer is not None:
            if self._timer.when() <= due:
                return
            self._timer.cancel()
        self._timer = loop.call_at(due, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._draw()
        if any(hub.viewers for hub in (self.disclosed, *self.pages.values())):
            self._draw_soon(CLOCK_S)

    def _draw(self, force: StateHub | None = None) -> None:
        self._drawn_at = asyncio.get_running_loop().time()
        if self.disclosed.viewers or force is self.disclosed:
            self._publish_disclosed()
        glimpse = self._glimpse()
        if self.occupancy.viewers or force is self.occupancy:
            self._publish_counts(glimpse)
        for language, hub in self.pages.items():
            if hub.viewers or force is hub:
                self._publish_page(language, glimpse)

    def _publish_page(self, language: Language, glimpse: Glimpse) -> dict[str, Markup]:
        published, hub = self._published[language], self.pages[language]
        pieces = self.renderers[language].fragments(glimpse)
        for name, text in pieces.items():
            if published.get(name) != text:
                published[name] = text
                if ":" in name:
                    hub.publish("piece", carried(name, text), key=name)
                else:
                    hub.publish(name, text)
        return pieces

    def _publish_counts(self, glimpse: Glimpse) -> None:
        for space, count in glimpse.counts.items():
            state = (count.count, count.changed_at, count.low, count.high, count.limit)
            if self._counted.get(space) != state:
                self._counted[space] = state
                self.occupancy.publish("occupancy", _ENCODER.encode(count), key=space)

    def _publish_disclosed(self) -> None:
        """Tell the quarter-hour's numbers once, all together: what changes within it is nobody's to see."""
        disclosed = self.disclosure.at(self._now())
        step = next(one.as_of for one in disclosed.values())
        if step != self._disclosed_at:
            self._disclosed_at = step
            for space, count in disclosed.items():
                self.disclosed.publish("occupancy", _ENCODER.encode(count), key=space)


def _nameless(event: Event) -> Event:
    """Return the event without its person: a stream is a screen (DOMAIN section 6)."""
    return msgspec.structs.replace(event, salt=None, person=None, badge=None, commitment=None)


_ENCODER = msgspec.json.Encoder()
