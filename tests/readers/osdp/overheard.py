"""A listener on an OSDP line who knows the reader's key, and checks every frame by a computation of its own.

Written from SIA OSDP 2.2 (annexes B to D) over single AES blocks, with no computation of libosdp: a frame whose CRC,
MAC, cryptogram or padding is not the standard's is an `AssertionError`.
"""

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

SOM, _REPLY, _MARK = 0x53, 0x80, 0xFF
_HAS_SCB = 0x08
_HEAD, _CRC, _MAC, _BLOCK = 5, 2, 4, 16
CHALLENGE, CLIENT, SERVER, RMAC = 0x11, 0x12, 0x13, 0x14
WITHOUT_DATA, WITH_DATA = (0x15, 0x16), (0x17, 0x18)


def ecb(key: bytes, block: bytes) -> bytes:
    assert len(block) == _BLOCK
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)  # noqa: S305  (one block)


def added(left: bytes, right: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(left, right, strict=True))


def crc(message: bytes) -> bytes:
    """CRC-16, polynomial 1021 from 1D0F, low byte first (annex C)."""
    value = 0x1D0F
    for byte in message:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ (0x1021 if value & 0x8000 else 0)) & 0xFFFF
    return value.to_bytes(2, "little")


def checksum(message: bytes) -> int:
    return -sum(message) & 0xFF


class SessionKeys:
    """S-ENC and both S-MACs, and what each end proves itself by (annex D.4)."""

    def __init__(self, scbk: bytes, panel_random: bytes, reader_random: bytes) -> None:
        self.enc, self.mac1, self.mac2 = (
            ecb(scbk, bytes((1, code)) + panel_random[:6] + bytes(8)) for code in (0x82, 0x01, 0x02)
        )
        self.client = ecb(self.enc, panel_random + reader_random)
        self.server = ecb(self.enc, reader_random + panel_random)
        self.first_mac = ecb(self.mac2, ecb(self.mac1, self.server))

    def mac(self, message: bytes, before: bytes) -> bytes:
        """All blocks but the last under S-MAC1, the last under S-MAC2, from the other end's last MAC."""
        if len(message) % _BLOCK:
            message += b"\x80" + bytes(-(len(message) + 1) % _BLOCK)
        chain = before
        for start in range(0, len(message), _BLOCK):
            key = self.mac2 if start + _BLOCK == len(message) else self.mac1
            chain = ecb(key, added(chain, message[start : start + _BLOCK]))
        return chain

    def open(self, data: bytes, before: bytes) -> bytes:
        """Decipher data, whose vector is the other end's last MAC with every bit turned."""
        chain, clear = bytes(byte ^ 0xFF for byte in before), b""
        decryptor = Cipher(algorithms.AES(self.enc), modes.ECB()).decryptor()  # noqa: S305  (chained by hand)
        for start in range(0, len(data), _BLOCK):
            block = data[start : start + _BLOCK]
            clear += added(decryptor.update(block), chain)
            chain = block
        clear = clear.rstrip(b"\x00")
        assert clear[-1:] == b"\x80", "the padding"
        return clear[:-1]


class Overheard:
    """What went over the line to and from one reader. `said`: code and data in clear, replies with 0x100 added."""

    def __init__(self, scbk: bytes) -> None:
        self._scbk = scbk
        self._pending = {False: b"", True: b""}
        self._randoms = b""
        self._keys: SessionKeys | None = None
        self._last = {False: b"", True: b""}
        self.said: list[tuple[int, bytes]] = []
        self.protected = 0

    def hear(self, data: bytes, *, is_reply: bool) -> None:
        """Take bytes of one end as they come."""
        rest = self._pending[is_reply] + data
        while len(rest := rest.lstrip(bytes((_MARK,)))) >= _HEAD:
            assert rest[0] == SOM, f"a frame that begins with {rest[0]:02x}"
            length = int.from_bytes(rest[2:4], "little")
            if len(rest) < length:
                break
            self._frame(rest[:length], is_reply=is_reply)
            rest = rest[length:]
        self._pending[is_reply] = rest

    def _frame(self, frame: bytes, *, is_reply: bool) -> None:
        message = frame[:-_CRC]
        assert frame[-_CRC:] == crc(message), "the CRC"
        assert bool(frame[1] & _REPLY) is is_reply
        block, body = 0, message[_HEAD:]
        if frame[4] & _HAS_SCB:
            block, body = body[1], body[body[0] :]
        if block in (*WITHOUT_DATA, *WITH_DATA):
            body = self._protected(message, body, is_reply=is_reply, has_data=block in WITH_DATA)
        elif block:
            self._handshake(block, body[1:])
        self.said.append((body[0] + 0x100 * is_reply, body[1:]))

    def _handshake(self, block: int, data: bytes) -> None:
        if block == CHALLENGE:
            self._randoms = data
        elif block == CLIENT:
            reader_random, cryptogram = data[8:16], data[16:]
            self._keys = SessionKeys(self._scbk, self._randoms, reader_random)
            assert cryptogram == self._keys.client, "the client's cryptogram"
        elif self._keys is not None and block == SERVER:
            assert data == self._keys.server, "the server's cryptogram"
        elif self._keys is not None and block == RMAC:
            assert data == self._keys.first_mac, "RMAC-I"
            self._last[True] = data

    def _protected(self, message: bytes, body: bytes, *, is_reply: bool, has_data: bool) -> bytes:
        assert self._keys is not None
        before = self._last[not is_reply]
        mac = self._keys.mac(message[:-_MAC], before)
        assert message[-_MAC:] == mac[:_MAC], "the MAC"
        self._last[is_reply] = mac
        self.protected += 1
        body = body[:-_MAC]
        return body[:1] + self._keys.open(body[1:], before) if has_data else body
