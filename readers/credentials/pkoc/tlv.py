"""Tags, lengths and values as PKOC uses them (ISO/IEC 7816-4, section 6.3; lengths of up to two bytes)."""

import msgspec

_LONG_TAG = 0x1F
_SECOND_TAG_BYTE_FOLLOWS = 0x80
_ONE_MORE, _TWO_MORE = 0x81, 0x82
_SHORT = 0x80
_BYTE = 0xFF


class Tlv(msgspec.Struct, frozen=True):
    """One element; `raw` is all of its bytes."""

    tag: int
    value: bytes
    raw: bytes


def encode(tag: int, value: bytes) -> bytes:
    """Return one element."""
    length = len(value)
    if length < _SHORT:
        size = bytes((length,))
    elif length <= _BYTE:
        size = bytes((_ONE_MORE, length))
    else:
        size = bytes((_TWO_MORE,)) + length.to_bytes(2, "big")
    return tag.to_bytes(2 if tag > _BYTE else 1, "big") + size + value


def parse(data: bytes) -> tuple[Tlv, ...] | None:
    """Return the elements that the bytes are; None where they are not whole elements."""
    found = []
    while data:
        element = _first(data)
        if element is None:
            return None
        found.append(element)
        data = data[len(element.raw) :]
    return tuple(found)


def values(data: bytes) -> dict[int, bytes] | None:
    """Return the elements' values by their tags; None where they are no elements, or one comes twice."""
    elements = parse(data)
    if elements is None:
        return None
    by_tag = {element.tag: element.value for element in elements}
    return by_tag if len(by_tag) == len(elements) else None


def _first(data: bytes) -> Tlv | None:
    is_long = data[0] & _LONG_TAG == _LONG_TAG
    tag_bytes = 2 if is_long else 1
    if len(data) <= tag_bytes or (is_long and data[1] & _SECOND_TAG_BYTE_FOLLOWS):
        return None
    more = {_ONE_MORE: 1, _TWO_MORE: 2}.get(data[tag_bytes], 0)
    if more == 0 and data[tag_bytes] >= _SHORT:
        return None
    start = tag_bytes + 1 + more
    length = int.from_bytes(data[tag_bytes + 1 : start], "big") if more else data[tag_bytes]
    end = start + length
    if len(data) < end:
        return None
    return Tlv(int.from_bytes(data[:tag_bytes], "big"), data[start:end], data[:end])
