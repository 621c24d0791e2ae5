"""Block ciphers as cards use them: CBC without padding, CMAC with a starting vector, and the paddings.

A `Cipher` hides its key: it has no readable attribute and its repr says nothing. CMAC is done by hand (NIST SP
800-38B), because EV1 secure messaging starts it from a running vector, which no library offers.
"""

import zlib
from collections.abc import Callable

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher as LibraryCipher
from cryptography.hazmat.primitives.ciphers import CipherAlgorithm
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

AES_KEY = 16
AES_BLOCK = 16
_DES_BLOCK = 8
_REDUCTION = {AES_BLOCK: 0x87, _DES_BLOCK: 0x1B}
"""The polynomial that doubles a block, by its size (SP 800-38B, section 5.3)."""

_ALL_ONES = 0xFFFFFFFF


class Cipher:
    """AES-128 or two-key triple DES, under one key that cannot be read back."""

    __slots__ = ("_algorithm", "block")

    def __init__(self, algorithm: CipherAlgorithm, block: int) -> None:
        self._algorithm, self.block = algorithm, block

    @classmethod
    def aes(cls, key: bytes) -> "Cipher":
        """Take an AES key of 16 bytes; ValueError for another length."""
        if len(key) != AES_KEY:
            raise ValueError(f"an AES key of {len(key)} bytes; expected {AES_KEY}")
        return cls(AES(key), AES_BLOCK)

    @classmethod
    def triple_des(cls, key: bytes) -> "Cipher":
        """Take a two-key triple DES key of 16 bytes; both halves alike is single DES."""
        return cls(TripleDES(key + key[:_DES_BLOCK]), _DES_BLOCK)

    def encrypt(self, data: bytes, iv: bytes | None = None) -> bytes:
        """Encrypt whole blocks in CBC, from zero where no vector is given."""
        return LibraryCipher(self._algorithm, CBC(iv or bytes(self.block))).encryptor().update(data)

    def decrypt(self, data: bytes, iv: bytes | None = None) -> bytes:
        """Decrypt whole blocks in CBC, from zero where no vector is given."""
        return LibraryCipher(self._algorithm, CBC(iv or bytes(self.block))).decryptor().update(data)

    def cmac(self, message: bytes, iv: bytes | None = None) -> bytes:
        """Return the whole MAC of a message."""
        first, second = subkeys(self.encrypt, self.block)
        is_whole = bool(message) and len(message) % self.block == 0
        padded = message if is_whole else pad(message, self.block)
        last = xor(padded[-self.block :], first if is_whole else second)
        return self.encrypt(padded[: -self.block] + last, iv)[-self.block :]


def subkeys(encrypt_block: Callable[[bytes], bytes], block: int) -> tuple[bytes, bytes]:
    """Return K1 and K2 of CMAC (SP 800-38B, section 6.1)."""
    first = _double(encrypt_block(bytes(block)))
    return first, _double(first)


def _double(block: bytes) -> bytes:
    bits = 8 * len(block)
    doubled = int.from_bytes(block, "big") << 1
    reduced = doubled ^ _REDUCTION[len(block)] if doubled >> bits else doubled
    return (reduced & ((1 << bits) - 1)).to_bytes(len(block), "big")


def xor(left: bytes, right: bytes) -> bytes:
    """Add two strings of one length bit by bit."""
    return (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).to_bytes(len(left), "big")


def pad(data: bytes, block: int) -> bytes:
    """Add 80 and zeros up to whole blocks, always at least one byte (ISO/IEC 9797-1, method 2)."""
    return data + b"\x80" + bytes(-(len(data) + 1) % block)


def unpad(padded: bytes) -> bytes | None:
    """Take 80 and zeros off again; None where they are not there."""
    data = padded.rstrip(b"\x00")
    return data[:-1] if data.endswith(b"\x80") else None


def pad_zeros(data: bytes, block: int) -> bytes:
    """Add zeros up to whole blocks, none where they are whole already."""
    return data + bytes(-len(data) % block)


def rotate(data: bytes) -> bytes:
    """Move the first byte behind the others."""
    return data[1:] + data[:1]


def odd_bytes(mac: bytes) -> bytes:
    """Shorten a MAC of 16 bytes to 8, as EV2 secure messaging and SUN do: the second of each two."""
    return mac[1::2]


def card_crc(data: bytes) -> bytes:
    """Return the CRC32 of EV1 secure messaging, least byte first: without the final inversion (JAMCRC)."""
    return (zlib.crc32(data) ^ _ALL_ONES).to_bytes(4, "little")
