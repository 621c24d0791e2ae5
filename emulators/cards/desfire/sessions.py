"""The card's half of secure messaging: what comes is opened, what goes is protected.

Both generations, mirrored from the reader's half and written apart from it: where the two disagree, tests fail.
`open` returns None for what the reader that proved the key did not send; the card then forgets the session.
"""

from typing import Protocol

import msgspec

from readers.credentials.ciphers import Cipher, card_crc, odd_bytes, pad, pad_zeros, unpad
from readers.credentials.desfire.channel import Comm
from readers.credentials.desfire.framing import Instruction, Status
from readers.credentials.keys import FACTORY_VERSION

_MAC = 8
_CRC = 4
_KEY = 16
_OK = bytes((Status.OK,))


class NewKey(msgspec.Struct):
    """What ChangeKey carries: the key, or for another than the session's its difference to the old one."""

    value: bytes
    version: int
    check: bytes | None


class Session(Protocol):
    """An authenticated session, by the key of this number."""

    key_no: int

    def open(self, ins: int, payload: bytes, header: int | None, comm: Comm) -> tuple[bytes, bytes] | None:
        """Return header and data of a command in clear; the header has `header` bytes, or is all there is."""
        ...

    def length_on_wire(self, length: int, comm: Comm) -> int:
        """Return what data of this length becomes."""
        ...

    def open_key(self, number: int, payload: bytes, *, is_own: bool, is_aes: bool) -> NewKey | None:
        """Return what ChangeKey carries behind the key's number."""
        ...

    def protect(self, data: bytes, comm: Comm) -> bytes:
        """Return the data of an answer that says OK."""
        ...


class Ev2Session:
    """The card's half of a transaction."""

    def __init__(self, key_no: int, enc: bytes, mac: bytes, transaction: bytes) -> None:
        self.key_no = key_no
        self._enc, self._mac = Cipher.aes(enc), Cipher.aes(mac)
        self._transaction, self._counter = transaction, 0

    def open(self, ins: int, payload: bytes, header: int | None, comm: Comm) -> tuple[bytes, bytes] | None:
        counted, self._counter = self._counter, self._counter + 1
        if comm is Comm.PLAIN:
            return payload[:header], b"" if header is None else payload[header:]
        body, sent = payload[:-_MAC], payload[-_MAC:]
        if sent != self._tag(ins, counted, body):
            return None
        header = len(body) if header is None else header
        if comm is Comm.MAC or len(body) <= header:
            return body[:header], body[header:]
        clear = self._decipher(body[header:], counted)
        return None if clear is None else (body[:header], clear)

    def open_key(self, number: int, payload: bytes, *, is_own: bool, is_aes: bool) -> NewKey | None:
        opened = self.open(Instruction.CHANGE_KEY, bytes((number,)) + payload, 1, Comm.FULL)
        return None if opened is None else _split_key(opened[1], is_own=is_own, is_aes=is_aes)

    def length_on_wire(self, length: int, comm: Comm) -> int:
        if comm is Comm.PLAIN:
            return length
        return (length if comm is Comm.MAC else len(pad(bytes(length), 16))) + _MAC

    def protect(self, data: bytes, comm: Comm) -> bytes:
        if comm is Comm.PLAIN:
            return data
        if comm is Comm.FULL and data:
            vector = self._enc.encrypt(b"\x5a\xa5" + self._place(self._counter) + bytes(8))
            data = self._enc.encrypt(pad(data, 16), vector)
        return data + self._tag(Status.OK, self._counter, data)

    def _place(self, counter: int) -> bytes:
        return self._transaction + counter.to_bytes(2, "little")

    def _tag(self, code: int, counter: int, content: bytes) -> bytes:
        head = bytes((code,)) + counter.to_bytes(2, "little") + self._transaction
        return odd_bytes(self._mac.cmac(head + content))

    def _decipher(self, data: bytes, counter: int) -> bytes | None:
        if len(data) % 16:
            return None
        return unpad(
            self._enc.decrypt(data, self._enc.encrypt(b"\xa5\x5a" + self._place(counter) + bytes(8)))
        )


class Ev1Session:
    """The card's half of a session whose vector runs on."""

    def __init__(self, key_no: int, cipher: Cipher) -> None:
        self.key_no = key_no
        self._cipher, self._vector = cipher, bytes(cipher.block)

    def open(self, ins: int, payload: bytes, header: int | None, comm: Comm) -> tuple[bytes, bytes] | None:
        head, body = payload[:header], b"" if header is None else payload[header:]
        if not body or comm is Comm.PLAIN:
            self._vector = self._cipher.cmac(bytes((ins,)) + payload, self._vector)
            return head, body
        if comm is Comm.FULL:
            return self._open_enciphered(ins, head, body)
        data, sent = body[:-_MAC], body[-_MAC:]
        self._vector = self._cipher.cmac(bytes((ins,)) + head + data, self._vector)
        return (head, data) if sent == self._vector[:_MAC] else None

    def _open_enciphered(self, ins: int, head: bytes, body: bytes) -> tuple[bytes, bytes] | None:
        clear = self._decipher(body)
        for end in range(_CRC, len(clear) + 1):
            data, check, padding = clear[: end - _CRC], clear[end - _CRC : end], clear[end:]
            if not any(padding) and check == card_crc(bytes((ins,)) + head + data):
                return head, data
        return None

    def open_key(self, number: int, payload: bytes, *, is_own: bool, is_aes: bool) -> NewKey | None:
        clear = self._decipher(payload)
        end = _KEY + is_aes
        if clear[end : end + _CRC] != card_crc(bytes((Instruction.CHANGE_KEY, number)) + clear[:end]):
            return None
        return _split_key(clear[:end] + clear[end + _CRC :], is_own=is_own, is_aes=is_aes)

    def length_on_wire(self, length: int, comm: Comm) -> int:
        if comm is Comm.FULL:
            return len(pad_zeros(bytes(length + _CRC), self._cipher.block))
        return length + (_MAC if comm is Comm.MAC else 0)

    def protect(self, data: bytes, comm: Comm) -> bytes:
        if comm is Comm.FULL and data:
            padded = pad_zeros(data + card_crc(data + _OK), self._cipher.block)
            sent = self._cipher.encrypt(padded, self._vector)
            self._vector = sent[-self._cipher.block :]
            return sent
        self._vector = self._cipher.cmac(data + _OK, self._vector)
        return data + self._vector[:_MAC]

    def _decipher(self, body: bytes) -> bytes:
        if len(body) % self._cipher.block:
            return b""
        clear = self._cipher.decrypt(body, self._vector)
        self._vector = body[-self._cipher.block :] or self._vector
        return clear


def _split_key(entry: bytes, *, is_own: bool, is_aes: bool) -> NewKey | None:
    end = _KEY + is_aes
    if len(entry) < end + (0 if is_own else _CRC):
        return None
    version = entry[_KEY] if is_aes else FACTORY_VERSION
    return NewKey(entry[:_KEY], version, None if is_own else entry[end : end + _CRC])
