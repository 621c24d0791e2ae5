"""What a chip tells of the cards in its field, and a card of itself: bytes to values, nothing else.

ISO/IEC 14443-3 for the selection, 14443-4 section 5.2 for the answer to select, the PN532's user manual (UM0701-02,
section 7.3.5) for its list of targets, which the other chips of the family share.
"""

import msgspec

_SPEAKS_APDU = 0x20  # bit 6 of SAK (ISO/IEC 14443-3, section 6.5.3.4)
_CARRIER_HZ = 13.56e6
_FRAME_SIZES = (16, 24, 32, 40, 48, 64, 96, 128, 256)  # by FSCI; higher ones count as 8
_DEFAULT_FSCI, _DEFAULT_FWI, _MOST_FWI = 2, 4, 14
_HAS_TA, _HAS_TB, _HAS_TC = 0x10, 0x20, 0x40
_TARGET_HEAD = 5  # number, SENS_RES (2), SEL_RES, length of the serial number


class TypeA(msgspec.Struct, frozen=True):
    """A selected card of type A: its answers to request and select, and its serial number."""

    sens_res: bytes
    sak: int
    uid: bytes

    @property
    def speaks_apdu(self) -> bool:
        """Say whether it goes on with ISO/IEC 14443-4."""
        return bool(self.sak & _SPEAKS_APDU)


class Ats(msgspec.Struct, frozen=True):
    """An answer to select: the longest frame that the card takes, how long it may think, its historical bytes."""

    frame_size: int
    waiting_s: float
    historical: bytes


def parse_targets(listed: bytes) -> tuple[TypeA, ...] | None:
    """Read the chip's list of up to two targets; None if it is none."""
    targets: list[TypeA] = []
    rest = listed[1:]
    for _ in range(listed[0] if listed else 0):
        head, rest = rest[:_TARGET_HEAD], rest[_TARGET_HEAD:]
        if len(head) < _TARGET_HEAD or len(rest) < head[4]:
            return None
        # The chip gives SENS_RES high byte first, cards send it low byte first.
        targets.append(TypeA(head[2:0:-1], head[3], rest[: head[4]]))
        rest = rest[head[4] :]
    return tuple(targets)


def parse_ats(raw: bytes) -> Ats | None:
    """Read an answer to select; None if it is none."""
    if not raw or raw[0] != len(raw):
        return None
    fsci, fwi, at = _DEFAULT_FSCI, _DEFAULT_FWI, 2
    if len(raw) > 1:
        fsci = raw[1] & 0x0F
        present = raw[1]
        at += bool(present & _HAS_TA)
        if present & _HAS_TB:
            if at >= len(raw):
                return None
            fwi = raw[at] >> 4
            at += 1
        at += bool(present & _HAS_TC)
    size = _FRAME_SIZES[min(fsci, len(_FRAME_SIZES) - 1)]
    fwi = fwi if fwi <= _MOST_FWI else _DEFAULT_FWI
    return Ats(size, 4096 / _CARRIER_HZ * 2**fwi, raw[at:])
