"""An NTAG 424 DNA: ISO selection and reading, EV2 authentication, and the commands of its application.

It takes the wrapped framing only, as the real one does. Whatever goes wrong, it forgets what was proven.
"""

import secrets
from collections.abc import Callable

from emulators.cards.desfire.memory import FREE, Key
from emulators.cards.desfire.proving import Challenge, challenge
from emulators.cards.desfire.rules import Refused, expect
from emulators.cards.desfire.sessions import Session
from emulators.cards.ntag424.memory import FILE_NUMBERS, TagFile, TagMemory, parse_settings
from emulators.cards.uid import answer_uid
from readers.credentials.apdu import Command, Malformed, Response, Status, parse_command
from readers.credentials.atr import processor_card_atr
from readers.credentials.ciphers import card_crc, xor
from readers.credentials.desfire.channel import Comm
from readers.credentials.desfire.framing import WRAPPED_CLASS, WRAPPED_STATUS, Answer, Instruction
from readers.credentials.desfire.framing import Status as CardStatus

_HISTORICAL = b"\x80"
_READER_CLASS = 0xFF
_APPLICATION = bytes.fromhex("d2760000850101")
_SELECT, _READ_BINARY, _UPDATE_BINARY = 0xA4, 0xB0, 0xD6
_BY_NAME = 0x04
_MASTER = 0
_WHERE = 7
_MOST_COUNT = 0xFFFFFF


class Ntag424Card:
    """A tag with `memory`; `draw` makes its challenges and fillers."""

    def __init__(self, memory: TagMemory, draw: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self.memory, self._draw = memory, draw
        self.atr = processor_card_atr(_HISTORICAL)
        self.reset()

    def reset(self) -> None:
        self._in_application = False
        self._file: TagFile | None = None
        self._is_counted = False
        self.forget()

    def forget(self) -> None:
        """Forget what was proven, and whatever was half done."""
        self._session: Session | None = None
        self._challenge: Challenge | None = None

    def process(self, apdu: bytes) -> bytes:
        if apdu[:1] == bytes((_READER_CLASS,)):
            return answer_uid(apdu, self.memory.uid)
        command = parse_command(apdu)
        if isinstance(command, Malformed):
            self.forget()
            return Response(b"", Status.WRONG_LENGTH).encode()
        if command.cla == WRAPPED_CLASS:
            answer = self._hear(command)
            return Response(answer.data, WRAPPED_STATUS << 8 | answer.status).encode()
        if command.cla != 0:
            return Response(b"", Status.CLASS_NOT_SUPPORTED).encode()
        return self._hear_iso(command).encode()

    # ISO/IEC 7816-4

    def _hear_iso(self, command: Command) -> Response:
        if command.ins == _SELECT:
            return self._select(command)
        if command.ins == _READ_BINARY:
            return self._read_binary(command)
        if command.ins == _UPDATE_BINARY:
            return self._update_binary(command)
        return Response(b"", Status.INSTRUCTION_NOT_SUPPORTED)

    def _select(self, command: Command) -> Response:
        self.forget()
        self._file = None
        if command.p1 == _BY_NAME:
            self._in_application = command.data == _APPLICATION
            return Response(b"", Status.OK if self._in_application else Status.FILE_NOT_FOUND)
        number = FILE_NUMBERS.get(int.from_bytes(command.data, "big")) if self._in_application else None
        if number is None:
            return Response(b"", Status.FILE_NOT_FOUND)
        self._file = self.memory.files[number]
        return Response(b"", Status.OK)

    def _read_binary(self, command: Command) -> Response:
        file = self._file
        if file is None:
            return Response(b"", Status.CONDITIONS_NOT_SATISFIED)
        if FREE not in file.readers():
            return Response(b"", Status.SECURITY_NOT_SATISFIED)
        start = command.p1 << 8 | command.p2
        if start >= len(file.content):
            return Response(b"", Status.WRONG_OFFSET)
        content = self._count_and_mirror(file)
        return Response(content[start : start + (command.expected or 256)], Status.OK)

    def _count_and_mirror(self, file: TagFile) -> bytes:
        """Count once a visit and file selection (NT4H2421Gx, section 9.3.1), and complete the address."""
        if self._session is not None:
            return bytes(file.content)
        if file.mirroring is not None and not self._is_counted:
            self.memory.read_count = min(self.memory.read_count + 1, _MOST_COUNT)
            self._is_counted = True
        return self.memory.mirrored(file, self._draw(5))

    def _update_binary(self, command: Command) -> Response:
        if self._file is None:
            return Response(b"", Status.CONDITIONS_NOT_SATISFIED)
        if FREE not in self._file.writers():
            return Response(b"", Status.SECURITY_NOT_SATISFIED)
        start = command.p1 << 8 | command.p2
        if start + len(command.data) > len(self._file.content):
            return Response(b"", Status.WRONG_OFFSET)
        self._file.content[start : start + len(command.data)] = command.data
        return Response(b"", Status.OK)

    # The application's own commands

    def _hear(self, command: Command) -> Answer:
        try:
            expect(self._in_application, CardStatus.ILLEGAL_COMMAND)
            if command.ins == Instruction.ADDITIONAL_FRAME:
                return self._continue(command.data)
            self._challenge = None
            if command.ins == Instruction.AUTHENTICATE_EV2_FIRST:
                self._session = None
                self._challenge = challenge(command.ins, command.data, self.memory.keys, self._draw)
                return Answer(CardStatus.ADDITIONAL_FRAME, self._challenge.sent)
            return Answer(CardStatus.OK, self._carry_out(command.ins, command.data))
        except Refused as refused:
            self.forget()
            return Answer(refused.status)

    def _continue(self, token: bytes) -> Answer:
        if self._challenge is None:
            raise Refused(CardStatus.ILLEGAL_COMMAND)
        begun, self._challenge = self._challenge, None
        self._session, proof = begun.prove(token, self._draw)
        return Answer(CardStatus.OK, proof)

    def _carry_out(self, ins: int, payload: bytes) -> bytes:
        if ins == Instruction.CHANGE_KEY:
            return self._change_key(payload)
        if ins == Instruction.CHANGE_FILE_SETTINGS:
            header, data = self._open(ins, payload, 1, Comm.FULL)
            return self._close(self._change_settings(header, data), Comm.FULL)
        if ins in (Instruction.ISO_READ_DATA, Instruction.ISO_WRITE_DATA):
            return self._move_data(ins, payload)
        plain = {
            Instruction.GET_KEY_VERSION: (self._key_version, Comm.MAC),
            Instruction.GET_FILE_SETTINGS: (self._settings, Comm.MAC),
            Instruction.GET_CARD_UID: (self._uid, Comm.FULL),
        }
        if ins not in plain:
            raise Refused(CardStatus.ILLEGAL_COMMAND)
        perform, comm = plain[Instruction(ins)]
        header, _ = self._open(ins, payload, None, comm)
        return self._close(perform(header), comm)

    def _open(self, ins: int, payload: bytes, header: int | None, comm: Comm) -> tuple[bytes, bytes]:
        if self._session is None:
            return payload[:header], b"" if header is None else payload[header:]
        opened = self._session.open(ins, payload, header, comm)
        if opened is None:
            raise Refused(CardStatus.INTEGRITY_ERROR)
        return opened

    def _close(self, data: bytes, comm: Comm) -> bytes:
        return data if self._session is None else self._session.protect(data, comm)

    def _proven(self) -> int | None:
        return None if self._session is None else self._session.key_no

    def _key_version(self, header: bytes) -> bytes:
        expect(self._session is not None, CardStatus.AUTHENTICATION_ERROR)
        expect(len(header) == 1, CardStatus.LENGTH_ERROR)
        expect(header[0] < len(self.memory.keys), CardStatus.NO_SUCH_KEY)
        return bytes((self.memory.keys[header[0]].version,))

    def _uid(self, _: bytes) -> bytes:
        expect(self._session is not None, CardStatus.AUTHENTICATION_ERROR)
        return self.memory.uid

    def _settings(self, header: bytes) -> bytes:
        file = self._find(header)
        option = file.comm | (0x40 if file.mirroring else 0)
        head = (
            bytes((0, option)) + file.rights.to_bytes(2, "little") + len(file.content).to_bytes(3, "little")
        )
        return head + (file.mirroring.settings if file.mirroring else b"")

    def _find(self, header: bytes) -> TagFile:
        expect(len(header) >= 1, CardStatus.LENGTH_ERROR)
        file = self.memory.files.get(header[0])
        if file is None:
            raise Refused(CardStatus.FILE_NOT_FOUND)
        return file

    def _change_settings(self, header: bytes, data: bytes) -> bytes:
        file = self._find(header)
        is_allowed = self._session is not None and self._proven() == file.changer
        expect(is_allowed, CardStatus.AUTHENTICATION_ERROR)
        parsed = parse_settings(data)
        if parsed is None:
            raise Refused(CardStatus.PARAMETER_ERROR)
        file.comm, file.rights, file.mirroring = parsed
        self.memory.read_count = 0
        return b""

    def _change_key(self, payload: bytes) -> bytes:
        session = self._session
        if session is None or session.key_no != _MASTER:
            raise Refused(CardStatus.AUTHENTICATION_ERROR)
        expect(bool(payload) and payload[0] < len(self.memory.keys), CardStatus.NO_SUCH_KEY)
        number = payload[0]
        is_own = number == _MASTER
        new = session.open_key(number, payload[1:], is_own=is_own, is_aes=True)
        if new is None:
            raise Refused(CardStatus.INTEGRITY_ERROR)
        value = new.value if is_own else xor(new.value, self.memory.keys[number].value)
        expect(new.check is None or new.check == card_crc(value), CardStatus.INTEGRITY_ERROR)
        self.memory.keys[number] = Key(value, new.version)
        if is_own:
            self.forget()
            return b""
        return session.protect(b"", Comm.FULL)

    def _move_data(self, ins: int, payload: bytes) -> bytes:
        is_read = ins == Instruction.ISO_READ_DATA
        file = self._find(payload)
        keys = file.readers() if is_read else file.writers()
        expect(FREE in keys or self._proven() in keys, CardStatus.AUTHENTICATION_ERROR)
        comm = file.comm if self._proven() in keys else Comm.PLAIN
        header, data = self._open(ins, payload, None if is_read else _WHERE, comm)
        expect(len(header) == _WHERE, CardStatus.LENGTH_ERROR)
        start, length = int.from_bytes(header[1:4], "little"), int.from_bytes(header[4:7], "little")
        expect(start + length <= len(file.content), CardStatus.BOUNDARY_ERROR)
        if is_read:
            content = self._count_and_mirror(file)
            return self._close(content[start : start + (length or len(content))], comm)
        expect(0 < length == len(data), CardStatus.LENGTH_ERROR)
        file.content[start : start + length] = data
        return self._close(b"", comm)
