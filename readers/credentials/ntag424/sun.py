"""SUN messages of NTAG 424 DNA: a web address that the tag completes anew at each reading (AN12196, section 3).

The tag's number and a count of its readings come enciphered, with a MAC. No challenge of the reader is in it: a message
that was overheard and not yet presented is as good as the tag, so it proves less than authentication does.
"""

import msgspec

from readers.credentials.ciphers import AES_BLOCK, Cipher, odd_bytes, pad_zeros

UID = 7
_COUNT = 3
_HAS_UID, _HAS_COUNT, _UID_LENGTH = 0x80, 0x40, 0x0F
_MAC_LABEL = bytes.fromhex("3cc300010080")


class Mirror(msgspec.Struct, frozen=True):
    """What a tag says of itself in one reading."""

    uid: bytes
    count: int

    def encode(self) -> bytes:
        """Return number and count as they enter the keys of this reading."""
        return self.uid + self.count.to_bytes(_COUNT, "little")


def open_picc_data(key: bytes, enciphered: bytes) -> Mirror | None:
    """Decipher number and count, 16 bytes; None where the key is another (AN12196, section 3.4.2.1)."""
    if len(enciphered) != AES_BLOCK:
        return None
    opened = Cipher.aes(key).decrypt(enciphered)
    if opened[0] != _HAS_UID | _HAS_COUNT | UID:
        return None
    return Mirror(opened[1 : 1 + UID], int.from_bytes(opened[1 + UID : 1 + UID + _COUNT], "little"))


def mac_key(key: bytes, mirror: Mirror) -> bytes:
    """Return the key of this reading's MAC (AN12196, section 3.3)."""
    return Cipher.aes(key).cmac(pad_zeros(_MAC_LABEL + mirror.encode(), AES_BLOCK))


def mac(key: bytes, mirror: Mirror, covered: bytes) -> bytes:
    """Return the 8 bytes that end the address; `covered` is the ASCII before them that they protect, or nothing."""
    return odd_bytes(Cipher.aes(mac_key(key, mirror)).cmac(covered))
