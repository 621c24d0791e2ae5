"""A listener who knows the card's keys, and checks every message between card and reader by a computation of its own.

Written from the specifications alone, over single AES and DES blocks, with no computation of `readers` or `emulators`:
what both ends got wrong alike does not agree with this.
"""

import binascii
from collections.abc import Callable

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from emulators.cards.card import VirtualCard

AES_BLOCK, DES_BLOCK = 16, 8
COMMAND_IS_FULL = {0x54: 0, 0xC4: 1, 0x5F: 1}  # with the length of what stays in clear
ANSWER_IS_FULL = {0x51}
READS, WRITES = {0xBD, 0xAD}, {0x3D, 0x8D}
AUTHENTICATIONS = {0xAA: "ev1", 0x1A: "des", 0x71: "ev2"}


class Block:
    """One key's block cipher, both ways, with CBC and CMAC spelt out."""

    def __init__(self, key: bytes, size: int = AES_BLOCK) -> None:
        algorithm = algorithms.AES(key) if size == AES_BLOCK else TripleDES(key + key[:8])
        self._cipher = Cipher(algorithm, modes.ECB())  # noqa: S305  (single blocks, chained by hand below)
        self.size = size

    def encrypt(self, block: bytes) -> bytes:
        return self._cipher.encryptor().update(block)

    def decrypt_cbc(self, data: bytes, iv: bytes) -> bytes:
        clear = b""
        for start in range(0, len(data), self.size):
            block = data[start : start + self.size]
            clear += added(self._cipher.decryptor().update(block), iv)
            iv = block
        return clear

    def cmac(self, message: bytes, iv: bytes | None = None) -> bytes:
        constant = 0x87 if self.size == AES_BLOCK else 0x1B
        bits = 8 * self.size
        subkeys, value = [], int.from_bytes(self.encrypt(bytes(self.size)), "big")
        for _ in range(2):
            value = (value << 1) ^ (constant if value >> (bits - 1) else 0)
            value &= (1 << bits) - 1
            subkeys.append(value.to_bytes(self.size, "big"))
        rest = len(message) % self.size
        if not message or rest:
            message += b"\x80" + bytes(self.size - rest - 1)
            message = message[: -self.size] + added(message[-self.size :], subkeys[1])
        else:
            message = message[: -self.size] + added(message[-self.size :], subkeys[0])
        chain = iv or bytes(self.size)
        for start in range(0, len(message), self.size):
            chain = self.encrypt(added(chain, message[start : start + self.size]))
        return chain


def added(left: bytes, right: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(left, right, strict=True))


def crc(data: bytes) -> bytes:
    return (0xFFFFFFFF - binascii.crc32(data)).to_bytes(4, "little")


def truncated(mac: bytes) -> bytes:
    return bytes(mac[index] for index in range(1, 16, 2))


class Ev2:
    """What the listener knows of a transaction."""

    def __init__(self, key: bytes, rnd_a: bytes, rnd_b: bytes, transaction: bytes) -> None:
        t = rnd_a[0:2] + added(rnd_a[2:8], rnd_b[0:6]) + rnd_b[6:16] + rnd_a[8:16]
        master = Block(key)
        self.enc = Block(master.cmac(bytes.fromhex("a55a00010080") + t))
        self.mac = Block(master.cmac(bytes.fromhex("5aa500010080") + t))
        self.transaction, self.counter = transaction, 0

    def hear(
        self, ins: int, payload: bytes, answer: bytes, *, comm: int, header: int, own_key: bool
    ) -> bytes:
        """Check command and answer; return what went enciphered, in clear."""
        clear = b""
        if comm:
            body, mac = payload[:-8], payload[-8:]
            assert mac == self._tag(ins, body), f"the MAC of command {ins:02x}"
            if comm == 3 and len(body) > header and ins not in READS:
                clear += self._open(b"\xa5\x5a", body[header:])
        self.counter += 1
        if comm and not own_key:
            data, mac = answer[:-8], answer[-8:]
            assert mac == self._tag(0x00, data), f"the MAC of the answer to {ins:02x}"
            if comm == 3 and data:
                clear += self._open(b"\x5a\xa5", data)
        return clear

    def _tag(self, code: int, content: bytes) -> bytes:
        return truncated(self.mac.cmac(bytes((code,)) + self._place() + content))

    def _place(self) -> bytes:
        return self.counter.to_bytes(2, "little") + self.transaction

    def _open(self, label: bytes, data: bytes) -> bytes:
        counted = self.counter.to_bytes(2, "little")
        iv = self.enc.encrypt(label + self.transaction + counted + bytes(8))
        clear = self.enc.decrypt_cbc(data, iv).rstrip(b"\x00")
        assert clear[-1] == 0x80, "the padding"
        return clear[:-1]


class Ev1:
    """What the listener knows of a session whose vector runs on."""

    def __init__(self, cipher: Block) -> None:
        self.cipher, self.iv = cipher, bytes(cipher.size)

    def hear(
        self, ins: int, payload: bytes, answer: bytes, *, comm: int, header: int, own_key: bool
    ) -> bytes:
        """Check command and answer; return what went enciphered, in clear."""
        clear = b""
        if comm == 3 and len(payload) > header and ins not in READS:
            clear += self._open(bytes((ins,)) + payload[:header], payload[header:], is_key=ins == 0xC4)
        else:
            has_mac = comm == 1 and ins in WRITES
            self.iv = self.cipher.cmac(bytes((ins,)) + (payload[:-8] if has_mac else payload), self.iv)
            assert not has_mac or payload[-8:] == self.iv[:8], f"the MAC of command {ins:02x}"
        if own_key:
            return clear
        if comm == 3 and (ins in READS or ins in ANSWER_IS_FULL):
            return clear + self._open(b"", answer, is_key=False, after=b"\x00")
        data, mac = answer[:-8], answer[-8:]
        self.iv = self.cipher.cmac(data + b"\x00", self.iv)
        assert mac == self.iv[:8], f"the MAC of the answer to {ins:02x}"
        return clear

    def _open(self, before: bytes, data: bytes, *, is_key: bool, after: bytes = b"") -> bytes:
        opened = self.cipher.decrypt_cbc(data, self.iv)
        self.iv = data[-self.cipher.size :]
        for end in range(len(opened) + 1):
            found = opened[:end], opened[end : end + 4], opened[end + 4 :]
            rest = found[2][4:] if is_key and any(found[2][:4]) else found[2]
            if found[1] == crc(before + found[0] + after) and not any(rest):
                return found[0]
        raise AssertionError("the check sum of what went enciphered")


class Overheard:
    """A card with a listener between it and the reader.

    `key_of(application, number)` gives a key of the card as it is now, `comm_of(application, file)` how a file's data
    travels, or None where it does not. `opened` collects what went enciphered, by instruction.
    """

    def __init__(self, card: VirtualCard, key_of: Callable, comm_of: Callable) -> None:
        self._card, self._key_of, self._comm_of = card, key_of, comm_of
        self.atr = card.atr
        self.checked = 0
        self.opened: list[tuple[int, bytes]] = []
        self.reset()

    def reset(self) -> None:
        self._card.reset()
        self.application = bytes(3)
        self.session: Ev1 | Ev2 | None = None
        self._begun: tuple[str, bytes, bytes] | None = None
        self._command: tuple[int, bytes, int | None] | None = None
        self._said = b""
        self._key_no = 0

    def process(self, apdu: bytes) -> bytes:
        if apdu[0] != 0x90:
            if apdu[:4] == bytes.fromhex("00a40400"):
                self.session, self.application = None, apdu[5 : 5 + apdu[4]]
            return self._card.process(apdu)
        assert apdu[2:4] == b"\x00\x00", "P1 and P2"
        data = apdu[5:-1] if len(apdu) > 5 else b""
        assert len(data) == (apdu[4] if len(apdu) > 5 else 0)
        comm = self._comm_of(self.application, data[0]) if data else None
        key = self._key_of(self.application, data[0]) if apdu[1] in AUTHENTICATIONS else b""
        answer = self._card.process(apdu)
        assert answer[-2] == 0x91
        self._hear(apdu[1], data, answer[:-2], answer[-1], comm, key)
        return answer

    def _hear(self, ins: int, data: bytes, said: bytes, status: int, comm: int | None, key: bytes) -> None:
        if ins in AUTHENTICATIONS:
            self.session, self._command, self._key_no = None, None, data[0]
            self._begun = (AUTHENTICATIONS[ins], key, said) if status == 0xAF else None
        elif ins == 0xAF and self._begun is not None:
            self._prove(*self._begun, data, said, status)
            self._begun = None
        else:
            self._collect(ins, data, said, status, comm)

    def _prove(
        self, kind: str, key: bytes, challenge: bytes, token: bytes, proof: bytes, status: int
    ) -> None:
        cipher = Block(key, DES_BLOCK if kind == "des" else AES_BLOCK)
        zero = bytes(cipher.size)
        rnd_b = cipher.decrypt_cbc(challenge, zero)
        opened = cipher.decrypt_cbc(token, zero if kind == "ev2" else challenge)
        half = len(opened) // 2
        rnd_a, echoed = opened[:half], opened[half:]
        is_right = echoed == rnd_b[1:] + rnd_b[:1]
        assert is_right == (status == 0x00), "the card opens to whoever holds the key and to nobody else"
        if not is_right:
            return
        self.checked += 1
        opened = cipher.decrypt_cbc(proof, zero if kind == "ev2" else token[-cipher.size :])
        if kind == "ev2":
            assert opened[4:20] == rnd_a[1:] + rnd_a[:1], "the card's proof"
            self.session = Ev2(key, rnd_a, rnd_b, opened[:4])
            return
        assert opened == rnd_a[1:] + rnd_a[:1], "the card's proof"
        if kind == "des":
            half_key = rnd_a[:4] + rnd_b[:4]
            assert key[:8] == key[8:], "only single DES is used"
            self.session = Ev1(Block(half_key + half_key, DES_BLOCK))
        else:
            self.session = Ev1(Block(rnd_a[:4] + rnd_b[:4] + rnd_a[12:] + rnd_b[12:]))

    def _collect(self, ins: int, data: bytes, said: bytes, status: int, comm: int | None) -> None:
        if ins == 0xAF:
            assert self._command is not None
            ins, begun, comm = self._command
            data = begun + data
        self._command, self._said = (ins, data, comm), self._said + said
        if status == 0xAF:
            return
        whole, self._said = self._said, b""
        if ins == 0x5A:
            self.session = None
            self.application = data if status == 0x00 else bytes(3)
        elif status != 0x00:
            self.session = None
        elif self.session is not None:
            self._check(ins, data, whole, comm)

    def _check(self, ins: int, data: bytes, said: bytes, comm: int | None) -> None:
        assert self.session is not None
        own_key = ins == 0xC4 and data[0] & 0x3F == self._key_no
        header = COMMAND_IS_FULL.get(ins, 7)
        if ins in COMMAND_IS_FULL or ins in ANSWER_IS_FULL:
            comm = 3
        elif ins not in READS | WRITES:
            comm = 1
        assert comm is not None
        clear = self.session.hear(ins, data, said, comm=comm, header=header, own_key=own_key)
        self.checked += 1
        if clear:
            self.opened.append((ins, clear))
        if own_key:
            self.session = None
