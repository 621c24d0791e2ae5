"""DESFire EV1: authentication by one chained CBC, and secure messaging with a vector that runs through the session.

AuthenticateAES (AA), and for cards as they leave the factory AuthenticateISO (1A) with two-key triple DES. Every
command and every answer moves the vector on, so that both sides keep step or lose each other (MF3ICDx1 data sheet; the
recorded cards of `tests/vectors`).
"""

from collections.abc import Callable
from hmac import compare_digest

import msgspec

from readers.credentials.ciphers import Cipher, card_crc, pad_zeros, rotate
from readers.credentials.desfire.channel import AuthenticationFailed, Comm, new_key_entry, refusal
from readers.credentials.desfire.framing import GARBLED, Answer, Instruction, Line, Status
from readers.credentials.exchange import Conversation

_CRC = 4
_MAC = 8


class Kind(msgspec.Struct, frozen=True):
    """A kind of key: how it is proven, and the session's cipher from both challenges."""

    ins: int
    cipher: Callable[[bytes], Cipher]
    challenge: int


AES_KEYS = Kind(Instruction.AUTHENTICATE_AES, Cipher.aes, 16)
DES_KEYS = Kind(Instruction.AUTHENTICATE_ISO, Cipher.triple_des, 8)


def session_key(kind: Kind, key: bytes, rnd_a: bytes, rnd_b: bytes) -> bytes:
    """Return the key of a session (MF3ICDx1 data sheet, session key generation)."""
    if kind is AES_KEYS:
        return rnd_a[:4] + rnd_b[:4] + rnd_a[12:] + rnd_b[12:]
    half = rnd_a[:4] + rnd_b[:4]
    return half + (half if key[:8] == key[8:] else rnd_a[4:] + rnd_b[4:])


def authenticate(
    line: Line, key_no: int, key: bytes, draw: Callable[[int], bytes], kind: Kind = AES_KEYS
) -> Conversation["Ev1Channel | AuthenticationFailed"]:
    """Prove the key to each other."""
    first = yield from line.send(kind.ins, bytes((key_no,)))
    if first.status != Status.ADDITIONAL_FRAME or len(first.data) != kind.challenge:
        return refusal(first.status)
    cipher = kind.cipher(key)
    rnd_a, rnd_b = draw(kind.challenge), cipher.decrypt(first.data)
    token = cipher.encrypt(rnd_a + rotate(rnd_b), first.data[-cipher.block :])
    second = yield from line.send(Instruction.ADDITIONAL_FRAME, token)
    if not second.is_ok or len(second.data) != kind.challenge:
        return AuthenticationFailed.WRONG_KEY
    if cipher.decrypt(second.data, token[-cipher.block :]) != rotate(rnd_a):
        return AuthenticationFailed.WRONG_KEY
    return Ev1Channel(line, kind.cipher(session_key(kind, key, rnd_a, rnd_b)))


class Ev1Channel:
    """One session."""

    __slots__ = ("_cipher", "_line", "_vector")

    def __init__(self, line: Line, cipher: Cipher, vector: bytes | None = None) -> None:
        self._line, self._cipher = line, cipher
        self._vector = vector or bytes(cipher.block)

    def command(
        self, ins: int, header: bytes = b"", data: bytes = b"", comm: Comm = Comm.MAC
    ) -> Conversation[Answer]:
        answer = yield from self._line.converse(ins, self.protect(ins, header, data, comm))
        return self.open(answer, comm, is_read=not data)

    def change_key(
        self, key_no: int, key: bytes, version: int | None, *, old: bytes | None
    ) -> Conversation[Answer]:
        """Change a key: `old` None for the key of the session, after which the card has forgotten it."""
        protected = self.protect_key(key_no, key, version, old)
        answer = yield from self._line.converse(Instruction.CHANGE_KEY, protected)
        return answer if old is None else self.open(answer, Comm.MAC, is_read=False)

    def protect(self, ins: int, header: bytes, data: bytes, comm: Comm) -> bytes:
        """Return what follows the instruction on the wire, and move the vector on."""
        command = bytes((ins,)) + header + data
        if comm is Comm.FULL and data:
            return header + self._encipher(data + card_crc(command))
        self._vector = self._cipher.cmac(command, self._vector)
        return header + data + (self._vector[:_MAC] if comm is Comm.MAC and data else b"")

    def protect_key(self, key_no: int, key: bytes, version: int | None, old: bytes | None) -> bytes:
        """Return what follows the instruction of ChangeKey."""
        entry = new_key_entry(key, version, old)
        entry += card_crc(bytes((Instruction.CHANGE_KEY, key_no)) + entry)
        return bytes((key_no,)) + self._encipher(entry if old is None else entry + card_crc(key))

    def open(self, answer: Answer, comm: Comm, *, is_read: bool) -> Answer:
        """Check and decipher an answer, and move the vector on; `GARBLED` where it is not the card's."""
        if not answer.is_ok:
            return answer
        if comm is Comm.FULL and is_read:
            return self._decipher(answer.data)
        data, sent = answer.data[:-_MAC], answer.data[-_MAC:]
        self._vector = self._cipher.cmac(data + bytes((answer.status,)), self._vector)
        return Answer(answer.status, data) if compare_digest(sent, self._vector[:_MAC]) else GARBLED

    def _encipher(self, data: bytes) -> bytes:
        sent = self._cipher.encrypt(pad_zeros(data, self._cipher.block), self._vector)
        self._vector = sent[-self._cipher.block :]
        return sent

    def _decipher(self, sent: bytes) -> Answer:
        """Open data, its check sum and the padding; where the padding begins the check sum tells."""
        if not sent or len(sent) % self._cipher.block:
            return GARBLED
        clear = self._cipher.decrypt(sent, self._vector)
        self._vector = sent[-self._cipher.block :]
        for end in range(len(clear), max(len(clear) - self._cipher.block - _CRC, _CRC) - 1, -1):
            data, crc, padding = clear[: end - _CRC], clear[end - _CRC : end], clear[end:]
            if padding.strip(b"\x00") in (b"", b"\x80") and crc == card_crc(data + bytes((Status.OK,))):
                return Answer(Status.OK, data)
        return GARBLED
