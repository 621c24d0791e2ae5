"""The address on a tag: one NDEF record, and where in it the tag writes (NFC Forum NDEF 1.0, URI record 1.0).

    https://SITE?e=<number and count, enciphered>&c=<MAC>

The address is the site's, so what stands before `?e=` is known and anything else is refused.
"""

import re

import msgspec

_WELL_KNOWN_SHORT = 0xD1  # one whole record: message begin and end, short, of a well-known type
_URI = b"U"
_HTTPS = 0x04
_LENGTH = 2
_PICC_DATA, _MAC = 32, 16
_TAIL = re.compile(rb"\?e=([0-9A-Fa-f]{32})&c=([0-9A-Fa-f]{16})")
_MOST_URL = 150


class SunMessage(msgspec.Struct, frozen=True):
    """The two parts that a tag completes."""

    picc_data: bytes
    mac: bytes


class Layout(msgspec.Struct, frozen=True):
    """The content of a tag's file, and where in it the two parts begin."""

    content: bytes
    picc_data: int
    mac: int


def lay_out(url: str) -> Layout:
    """Return a file for the address `https://` + `url`, the two parts still zeros.

    Raise `ValueError` if it is empty, too long or not ASCII.
    """
    if not url.isascii():
        raise ValueError(f"the address {url!r}; expected ASCII, a name with other letters in its form `xn--`")
    head = url.encode("ascii")
    if not head or len(head) > _MOST_URL:
        raise ValueError(f"an address of {len(head)} characters; expected 1 to {_MOST_URL}")
    text = head + b"?e=" + b"0" * _PICC_DATA + b"&c=" + b"0" * _MAC
    record = bytes((_WELL_KNOWN_SHORT, len(_URI), 1 + len(text))) + _URI + bytes((_HTTPS,)) + text
    content = len(record).to_bytes(_LENGTH, "big") + record
    end = len(content)
    return Layout(content, end - _MAC - len(b"&c=") - _PICC_DATA, end - _MAC)


def parse_message(url: str, content: bytes) -> SunMessage | None:
    """Read a tag's file; None where it is not the site's address with both parts."""
    layout = lay_out(url)
    fixed = layout.picc_data - len(b"?e=")
    found = _TAIL.fullmatch(content[fixed : len(layout.content)])
    if content[:fixed] != layout.content[:fixed] or found is None:
        return None
    return SunMessage(bytes.fromhex(found[1].decode()), bytes.fromhex(found[2].decode()))
