"""DESFire EV2 and EV3, and NTAG 424 DNA: authentication and secure messaging of the second generation.

AuthenticateEV2First (71) opens a transaction, named by four bytes; a counter of commands enters every MAC and every
vector, so that nothing can be repeated, dropped or put elsewhere (AN12343, sections 6 to 8; AN12196, section 4).
"""

from collections.abc import Callable
from hmac import compare_digest

from readers.credentials.ciphers import Cipher, card_crc, odd_bytes, pad, rotate, unpad, xor
from readers.credentials.desfire.channel import AuthenticationFailed, Comm, new_key_entry, refusal
from readers.credentials.desfire.framing import GARBLED, Answer, Instruction, Line, Status
from readers.credentials.exchange import Conversation

CHALLENGE = 16
IDENTIFIER = 4
_NO_CAPABILITIES = b"\x00"
_CAPABILITIES = 12  # the card's six bytes, then the reader's
_TO_CARD, _FROM_CARD = b"\xa5\x5a", b"\x5a\xa5"
_PURPOSE = b"\x00\x01\x00\x80"  # one block of 128 bits (SP 800-108)
_MAC = 8
_MOST_COMMANDS = 0xFFFF


def session_keys(key: bytes, rnd_a: bytes, rnd_b: bytes) -> tuple[bytes, bytes]:
    """Return the keys of a session, for enciphering and for MACs (AN12343, section 6.3)."""
    mixed = rnd_a[:2] + xor(rnd_a[2:8], rnd_b[:6]) + rnd_b[6:] + rnd_a[8:]
    cipher = Cipher.aes(key)
    return cipher.cmac(_TO_CARD + _PURPOSE + mixed), cipher.cmac(_FROM_CARD + _PURPOSE + mixed)


def command_vector(cipher: Cipher, transaction: bytes, counter: int) -> bytes:
    """Return the starting vector for a command's data."""
    return _vector(_TO_CARD, cipher, transaction, counter)


def answer_vector(cipher: Cipher, transaction: bytes, counter: int) -> bytes:
    """Return the starting vector for an answer's data; `counter` is the one after the command."""
    return _vector(_FROM_CARD, cipher, transaction, counter)


def _vector(label: bytes, cipher: Cipher, transaction: bytes, counter: int) -> bytes:
    return cipher.encrypt(label + transaction + counter.to_bytes(2, "little") + bytes(8))


def mac(cipher: Cipher, code: int, counter: int, transaction: bytes, content: bytes) -> bytes:
    """Return the 8 bytes that protect a command (`code` its instruction) or an answer (its status)."""
    counted = bytes((code,)) + counter.to_bytes(2, "little") + transaction
    return odd_bytes(cipher.cmac(counted + content))


def authenticate(
    line: Line, key_no: int, key: bytes, draw: Callable[[int], bytes]
) -> Conversation["Ev2Channel | AuthenticationFailed"]:
    """Prove the key to each other and open a transaction."""
    first = yield from line.send(Instruction.AUTHENTICATE_EV2_FIRST, bytes((key_no,)) + _NO_CAPABILITIES)
    if first.status != Status.ADDITIONAL_FRAME or len(first.data) != CHALLENGE:
        return refusal(first.status)
    cipher = Cipher.aes(key)
    rnd_a, rnd_b = draw(CHALLENGE), cipher.decrypt(first.data)
    second = yield from line.send(Instruction.ADDITIONAL_FRAME, cipher.encrypt(rnd_a + rotate(rnd_b)))
    if not second.is_ok or len(second.data) != IDENTIFIER + CHALLENGE + _CAPABILITIES:
        return AuthenticationFailed.WRONG_KEY
    opened = cipher.decrypt(second.data)
    if opened[IDENTIFIER : IDENTIFIER + CHALLENGE] != rotate(rnd_a):
        return AuthenticationFailed.WRONG_KEY
    return Ev2Channel(line, *session_keys(key, rnd_a, rnd_b), opened[:IDENTIFIER])


class Ev2Channel:
    """One transaction."""

    __slots__ = ("_counter", "_enc", "_line", "_mac", "_transaction")

    def __init__(self, line: Line, enc: bytes, mac: bytes, transaction: bytes, counter: int = 0) -> None:
        self._line, self._transaction, self._counter = line, transaction, counter
        self._enc, self._mac = Cipher.aes(enc), Cipher.aes(mac)

    def command(
        self, ins: int, header: bytes = b"", data: bytes = b"", comm: Comm = Comm.MAC
    ) -> Conversation[Answer]:
        if self._counter == _MOST_COMMANDS:
            return GARBLED
        answer = yield from self._line.converse(ins, self.protect(ins, header, data, comm))
        return self.open(answer, comm)

    def change_key(
        self, key_no: int, key: bytes, version: int | None, *, old: bytes | None
    ) -> Conversation[Answer]:
        """Change a key (AN12196, section 6.16). After its own key the card has forgotten the session: no MAC comes."""
        entry = new_key_entry(key, version, old) + (b"" if old is None else card_crc(key))
        protected = self.protect(Instruction.CHANGE_KEY, bytes((key_no,)), entry, Comm.FULL)
        answer = yield from self._line.converse(Instruction.CHANGE_KEY, protected)
        return answer if old is None else self.open(answer, Comm.FULL)

    def protect(self, ins: int, header: bytes, data: bytes, comm: Comm) -> bytes:
        """Return what follows the instruction on the wire."""
        if comm is Comm.PLAIN:
            return header + data
        if comm is Comm.FULL and data:
            vector = command_vector(self._enc, self._transaction, self._counter)
            data = self._enc.encrypt(pad(data, self._enc.block), vector)
        return header + data + mac(self._mac, ins, self._counter, self._transaction, header + data)

    def open(self, answer: Answer, comm: Comm) -> Answer:
        """Check and decipher an answer; `GARBLED` where it is not the card's."""
        if not answer.is_ok:
            return answer
        self._counter += 1
        if comm is Comm.PLAIN:
            return answer
        data, sent = answer.data[:-_MAC], answer.data[-_MAC:]
        if not compare_digest(sent, mac(self._mac, answer.status, self._counter, self._transaction, data)):
            return GARBLED
        return self._decipher(data) if comm is Comm.FULL and data else Answer(answer.status, data)

    def _decipher(self, data: bytes) -> Answer:
        if len(data) % self._enc.block:
            return GARBLED
        vector = answer_vector(self._enc, self._transaction, self._counter)
        clear = unpad(self._enc.decrypt(data, vector))
        return GARBLED if clear is None else Answer(Status.OK, clear)
