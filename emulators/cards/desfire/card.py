"""A DESFire card of the first generation or a later one: both framings, authentication, and the way of a command.

What each command does is in `commands`. Whatever goes wrong, the card forgets what was proven, as the real one does.
"""

import secrets
from collections.abc import Callable
from enum import Enum

from emulators.cards.desfire import files
from emulators.cards.desfire.commands import RULES
from emulators.cards.desfire.memory import PICC, Application, Memory
from emulators.cards.desfire.proving import AUTHENTICATIONS, Challenge, challenge
from emulators.cards.desfire.rules import Refused, Rule
from emulators.cards.desfire.sessions import Session
from emulators.cards.uid import answer_uid
from readers.credentials import apdu as iso
from readers.credentials.atr import processor_card_atr
from readers.credentials.desfire.framing import (
    PART,
    WRAPPED_CLASS,
    WRAPPED_STATUS,
    Answer,
    Instruction,
    Status,
)

_HISTORICAL = b"\x80"  # of the answer to select of every DESFire
_READER_CLASS = 0xFF
_ISO_CLASS = 0x00
_SELECT, _BY_NAME = 0xA4, 0x04
_CARD_NAME = bytes.fromhex("d2760000850100")
_NO_FILE = 0x6A82


class Generation(Enum):
    """Which DESFire: EV2 stands for the later ones."""

    EV1 = "desfire-ev1"
    EV2 = "desfire-ev2"

    @property
    def major(self) -> int:
        """Return the major version of hardware and software that GetVersion tells."""
        return 0x01 if self is Generation.EV1 else 0x12


class DesfireCard:
    """A card with `memory`, blank from the factory where none is given; `draw` makes its challenges."""

    def __init__(
        self,
        memory: Memory,
        generation: Generation = Generation.EV2,
        draw: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.memory, self.generation = memory, generation
        self.atr = processor_card_atr(_HISTORICAL)
        self._draw = draw
        self.reset()

    def reset(self) -> None:
        self.selected: Application = self.memory.picc
        self.selected_aid = PICC
        self.forget()

    def forget(self) -> None:
        """Forget what was proven, and whatever was half done."""
        self.session: Session | None = None
        self._challenge: Challenge | None = None
        self._incoming: tuple[int, bytes] | None = None
        self._outgoing: list[bytes] = []

    def process(self, apdu: bytes) -> bytes:
        if apdu[:1] == bytes((_READER_CLASS,)):
            return answer_uid(apdu, self.memory.uid)
        if apdu[:1] == bytes((WRAPPED_CLASS,)):
            return self._process_wrapped(apdu)
        if apdu[:1] == bytes((_ISO_CLASS,)):
            return self._process_iso(apdu)
        answer = self._hear(apdu[0], apdu[1:]) if apdu else Answer(Status.LENGTH_ERROR)
        return bytes((answer.status,)) + answer.data

    def _process_wrapped(self, apdu: bytes) -> bytes:
        command = iso.parse_command(apdu)
        if isinstance(command, iso.Malformed) or (command.p1, command.p2) != (0, 0):
            self.forget()
            return iso.Response(b"", iso.Status.WRONG_LENGTH).encode()
        answer = self._hear(command.ins, command.data)
        return iso.Response(answer.data, WRAPPED_STATUS << 8 | answer.status).encode()

    def _process_iso(self, apdu: bytes) -> bytes:
        command = iso.parse_command(apdu)
        self.forget()
        if isinstance(command, iso.Malformed):
            return iso.Response(b"", iso.Status.WRONG_LENGTH).encode()
        if (command.ins, command.p1) != (_SELECT, _BY_NAME):
            return iso.Response(b"", iso.Status.INSTRUCTION_NOT_SUPPORTED).encode()
        if command.data != _CARD_NAME:
            return iso.Response(b"", _NO_FILE).encode()
        self.reset()
        return iso.Response(b"", iso.Status.OK).encode()

    def _hear(self, ins: int, data: bytes) -> Answer:
        """Take one frame: a command, or the next part of one, of an answer or of an authentication."""
        try:
            if ins == Instruction.ADDITIONAL_FRAME:
                return self._continue(data)
            self._challenge, self._incoming, self._outgoing = None, None, []
            if ins in AUTHENTICATIONS:
                return self._challenge_reader(ins, data)
            return self._collect(ins, data)
        except Refused as refused:
            self.forget()
            return Answer(refused.status)

    def _continue(self, data: bytes) -> Answer:
        if self._challenge is not None:
            begun, self._challenge = self._challenge, None
            self.session, proof = begun.prove(data, self._draw)
            return Answer(Status.OK, proof)
        if self._incoming is not None:
            ins, part = self._incoming
            return self._collect(ins, part + data)
        if self._outgoing and not data:
            return self._give()
        raise Refused(Status.ILLEGAL_COMMAND)

    def _collect(self, ins: int, data: bytes) -> Answer:
        """Wait for the rest of a long command; only full frames have one."""
        wanted = files.length_of_write(self, ins, data)
        if len(data) < wanted and len(data) % PART == 0:
            self._incoming = ins, data
            return Answer(Status.ADDITIONAL_FRAME)
        self._incoming = None
        return self._perform(ins, data)

    def _perform(self, ins: int, payload: bytes) -> Answer:
        rule = RULES.get(ins)
        if rule is None:
            raise Refused(Status.ILLEGAL_COMMAND)
        self._outgoing = rule.parts(self._carry_out(rule, ins, payload))
        return self._give()

    def _carry_out(self, rule: Rule, ins: int, payload: bytes) -> bytes:
        session = self.session
        comm = rule.comm if rule.comm is not None else files.comm_of(self, ins, payload)
        opened: tuple[bytes, bytes] | None = rule.split(payload)
        if session is not None and not rule.is_raw:
            opened = session.open(ins, payload, rule.header, comm)
        if opened is None:
            raise Refused(Status.INTEGRITY_ERROR)
        data = rule.perform(self, *opened)
        if session is None or self.session is not session:
            return data
        return session.protect(data, comm)

    def _give(self) -> Answer:
        part = self._outgoing.pop(0)
        return Answer(Status.ADDITIONAL_FRAME if self._outgoing else Status.OK, part)

    def _challenge_reader(self, ins: int, data: bytes) -> Answer:
        self.session = None
        is_too_new = ins == Instruction.AUTHENTICATE_EV2_FIRST and self.generation is Generation.EV1
        if is_too_new:
            raise Refused(Status.ILLEGAL_COMMAND)
        self._challenge = challenge(ins, data, self.selected.keys, self._draw)
        return Answer(Status.ADDITIONAL_FRAME, self._challenge.sent)
