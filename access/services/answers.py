"""What doors answer to commands: heard in the events they journal, and handed to whoever waits for them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import msgspec

from access.services.outbox import Outbox
from policies.decision import Effect
from policies.ids import DoorId
from readers.wire.events import Event, EventType


class Answer(msgspec.Struct, frozen=True):
    """A door's answer to one command: obeyed, or refused for `cause` (readers.wire.commands.Refusal)."""

    door: DoorId
    obeyed: bool
    cause: str


class Waiting:
    """The answers to one command as they come in."""

    def __init__(self) -> None:
        self.answers: dict[DoorId, Answer] = {}
        self._news = asyncio.Event()

    def hear(self, answer: Answer) -> None:
        """Take an answer in."""
        self.answers[answer.door] = answer
        self._news.set()

    async def of(self, doors: Iterable[DoorId], within_s: float) -> Mapping[DoorId, Answer]:
        """Return the answers of these doors, as soon as all are there or the time is over."""
        expected = set(doors)
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while not expected <= self.answers.keys():
                    self._news.clear()
                    await self._news.wait()
        return self.answers


class Answers:
    """The answers of all doors, by the command they answer. `news` is told on the event loop that waits."""

    def __init__(self, news: Outbox[Sequence[Event]]) -> None:
        self._waiting: dict[str, Waiting] = {}
        news.listen(self._hear)

    @contextmanager
    def to(self, command: str) -> Iterator[Waiting]:
        """Listen for answers to a command that is about to be sent."""
        waiting = self._waiting[command] = Waiting()
        try:
            yield waiting
        finally:
            del self._waiting[command]

    async def asked(
        self, command: str, send: Callable[[], Awaitable[Iterable[DoorId]]], within_s: float
    ) -> dict[DoorId, Answer | None]:
        """Send a command, and return what each door it went to said in time; None for one that said nothing."""
        with self.to(command) as waiting:
            doors = tuple(await send())
            said = await waiting.of(doors, within_s)
        return {door: said.get(door) for door in doors}

    def _hear(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.type is not EventType.COMMAND or event.door is None or event.command is None:
                continue
            waiting = self._waiting.get(event.command)
            if waiting is not None:
                waiting.hear(Answer(event.door, event.effect is Effect.GRANT, event.cause or ""))
