"""What the daemon needs of the world, as protocols: every implementation passes the same conformance tests.

Times come from a `Clock`, cards from a `CardTransport`, bolts and contacts are `DoorHardware`, and what happened is
kept in a `Journal`. The bus is `readers.wire.bus.Bus`. Implementations translate types and errors; they decide nothing.
"""

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Protocol, TypeAlias, TypeVar, runtime_checkable

from policies.ids import DoorId, ReaderId
from readers.credentials.exchange import Answer, Conversation, Exchange, Identified, Rejected
from readers.credentials.keys import KeyRef
from readers.health import Health
from readers.wire.events import Draft, Sealed
from readers.wire.reservations import Reserve, Verdict

T = TypeVar("T")

Greeting: TypeAlias = Callable[[bytes], Exchange]
"""What is said first to a card with an answer to reset; any thread may ask."""


class Timer(Protocol):
    """A call that is still to come."""

    def cancel(self) -> None:
        """Drop the call; does nothing if it was made already."""
        ...


class Clock(Protocol):
    """The building's time: the machine's own, a faster one, or a virtual one."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC; it goes back only where the machine's clock was wrong by over a minute.

        Any thread may ask.
        """
        ...

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` on the event loop after `delay_s` of this clock's seconds."""
        ...

    async def sleep(self, delay_s: float) -> None:
        """Return after `delay_s` of this clock's seconds."""
        ...


class Card(Protocol):
    """A card in the field, until it is torn away."""

    @property
    def atr(self) -> bytes:
        """Return the answer to reset, as PC/SC builds it for contactless cards (PC/SC part 3, section 3.1.3.2.3).

        Empty where something lies on the reader that cannot be read: a silent card, or several at once.
        """
        ...

    async def hold(self, conversation: Conversation[T], answer: Answer) -> T:
        """Hold a conversation with the card and return what it comes to; raise `CardGone`, and what `answer` raises.

        It is held where the card is spoken to, in the reader's own thread if it has one, and so is `answer` called, for
        every step that is not for the card. Whoever stops waiting ends it before its next command.
        """
        ...

    async def greeted(self) -> Identified | Rejected:
        """Return what the reader's greeting of this card comes to, as `hold` does. There must have been one."""
        ...

    def forget(self) -> None:
        """Let go of a card whose conversation was torn: if it lies there still, it is the next card."""
        ...

    async def removed(self) -> None:
        """Return once the card has left the field, or was forgotten."""
        ...


class CardTransport(Protocol):
    """A reader's antenna. It heals itself: a driver that dies is reported and connected again."""

    async def next_card(self) -> Card:
        """Return the next card that enters the field; a card that stays is returned once.

        Raise `TransportDown` once for each outage; the next call then waits until the reader is back.
        """
        ...

    def greet(self, greeting: Greeting, answer: Answer) -> None:
        """Hold this conversation with each card that comes from now on: at once, before anything is asked of it."""
        ...

    def watch(self, on_health: Health) -> None:
        """Call `on_health` at every change of the reader's health from now on, and at once where it is known."""
        ...

    async def close(self) -> None:
        """Let the reader go."""
        ...


@runtime_checkable
class KeyedReader(Protocol):
    """What a reader with keys is, beside its `CardTransport`."""

    def on_keys(self, on_key: Callable[[str], None]) -> None:
        """Call `on_key` on the event loop for each key pressed from now on: a digit, `*` or `#`."""
        ...


class KeyStore(Protocol):
    """The home of master keys. They never leave it: what leaves is one card's own key. Any thread may ask."""

    def versions(self, name: str) -> tuple[int, ...]:
        """Return the generations of a key that are held, the newest first; none where the name is not known."""
        ...

    def derive(self, key: KeyRef, identity: bytes) -> bytes | None:
        """Return the 16 bytes that AN10922 makes of `identity` (1 to 31 bytes); None where the key is not held.

        It takes as long as the home does. Raise `KeyStoreFault` where that does not answer.
        """
        ...


class Counters(Protocol):
    """The last count of each card whose proof is a count that only ever grows. Any thread may ask."""

    def advance(self, card: str, count: int) -> bool:
        """Keep `count` if it is higher than the card's last, and say whether it was.

        It is safe from the death of this process before this returns; raise `CounterFault` if it could not be kept.
        """
        ...


class Input(Enum):
    """What a door's wires tell.

    After CONTACT_FAULT (a supervised loop is cut or short) what the leaf does is not known, until the contact tells it
    again. After OUTPUT_FAILED the bolt may not be where it was ordered, until OUTPUT_RESTORED says that it is again.
    """

    CONTACT_OPEN = "contact-open"
    CONTACT_CLOSED = "contact-closed"
    CONTACT_FAULT = "contact-fault"
    EXIT_REQUESTED = "exit-requested"
    TAMPERED = "tampered"
    TAMPER_ENDED = "tamper-ended"
    RELEASED = "released"
    REARMED = "rearmed"
    OUTPUT_FAILED = "output-failed"
    OUTPUT_RESTORED = "output-restored"


class Feedback(Enum):
    """What the person at the reader is shown: lamp, buzzer or text, as the hardware can.

    `close-door` asks whoever is near, until `ready`, which is what is shown when nobody is there.
    """

    GRANTED = "granted"
    REFUSED = "refused"
    WAITING = "waiting"
    ENTER_PIN = "enter-pin"
    SECOND_PERSON = "second-person"
    CLOSE_DOOR = "close-door"
    READY = "ready"


class DoorHardware(Protocol):
    """One door's strike, inputs and lamp.

    The bolt is brought to what was ordered last and kept there, also by an output that answers again only later. What
    releases it by hand or by the building's own wiring, the hardware observes and never works against.
    """

    def unlock(self) -> None:
        """Release the strike, at once; raise `HardwareFault` if the output is known not to answer."""
        ...

    def lock(self) -> None:
        """Engage the strike again; raise `HardwareFault` if the output is known not to answer."""
        ...

    def show(self, feedback: Feedback, at: ReaderId | None = None) -> None:
        """Tell the person at a reader of the door, or by the door's own lamp; never raises."""
        ...

    def listen(self, on_input: Callable[[Input], None]) -> None:
        """Call `on_input` on the event loop for every change of an input from now on."""
        ...

    def senses(self) -> frozenset[Input]:
        """Return what the inputs tell now, by the last of each pair; nothing of one that is not wired or not known."""
        ...


class Journal(Protocol):
    """The source's own record: append-only, chained, kept until the server has it."""

    def append(self, draft: Draft) -> Sealed:
        """Give the event its place and keep it, safe from the death of this process, before returning.

        Raise `JournalError` if it could not be kept; then nothing may open.
        """
        ...

    def stage(self, draft: Draft) -> Sealed:
        """Give an event its place without keeping it."""
        ...

    def commit(self) -> None:
        """Keep all that is staged, or none of it: then raise `JournalError`."""
        ...

    def pending(self, limit: int) -> list[bytes]:
        """Return up to `limit` lines of one epoch that are not acknowledged, the oldest first."""
        ...

    def acknowledge(self, epoch: int, seq: int) -> None:
        """Note that the server has stored everything of `epoch` up to `seq`; an older word changes nothing."""
        ...

    def rewind(self, epoch: int, seq: int) -> bool:
        """Take back what was acknowledged of the oldest pending epoch after `seq`: the server has lost it again.

        Return whether there was anything to take back.
        """
        ...


class Authority(Protocol):
    """Whoever knows the whole site: who is where, and which seats are taken."""

    async def reserve(self, asked: Reserve) -> Verdict | None:
        """Return the site's verdict on a tap; None where none comes within the deadline."""
        ...

    def expect(self, epoch: int) -> None:
        """Take no verdict of an older epoch from now on."""
        ...


class Uplink(Protocol):
    """The way to the server. It carries what is given to it whenever the line is up, and never makes a door wait."""

    def notify(self) -> None:
        """Say that the journal has grown."""
        ...

    def publish_door_state(self, door: DoorId, payload: bytes) -> None:
        """Publish the retained state of a door; of several while the line is down only the last one goes out."""
        ...

    def tell_status(self) -> None:
        """Say that what this computer tells of itself has changed."""
        ...
