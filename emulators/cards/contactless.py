"""A card as an antenna hears it: ISO/IEC 14443-3 type A selection and 14443-4 blocks around any `VirtualCard`.

The card's number, and whether it speaks APDUs, are those that it shows through a PC/SC reader. Frames come and go
without their CRC, as a reader chip hands them over. Silence is None.
"""

from functools import reduce
from operator import xor

from emulators.cards.card import VirtualCard
from readers.credentials.atr import Technology, recognise

REQA, WUPA = b"\x26", b"\x52"
SAK_APDU, SAK_STORAGE = 0x20, 0x00
FRAME_SIZE = 256

_SAK_GOES_ON = 0x04  # the number is not complete yet (ISO/IEC 14443-3, section 6.5.3.4)
_CASCADE_TAG = 0x88
_SELECT_CODES = (0x93, 0x95, 0x97)
_GET_UID = bytes.fromhex("ffca000000")
_ATR_HEAD = 4
_PART = 4
_RATS, _WHOLE_ANTICOLLISION, _WHOLE_SELECT = 0xE0, 0x20, 0x70
# T0: FSCI 8 (256 bytes) and TA, TB, TC follow; 106 kbit/s only; FWI 8 (77 ms), SFGI 0; neither CID nor NAD.
_ATS_HEAD = bytes.fromhex("78808000")
_FSD_CODES = (16, 24, 32, 40, 48, 64, 96, 128, 256)
_FRAMING = 3  # block header and CRC

_I_BLOCK, _I_MASK, _CHAINING = 0x02, 0xE2, 0x10
_R_ACK, _R_NAK, _R_MASK = 0xA2, 0xB2, 0xF6
_S_DESELECT, _S_WTX = 0xC2, 0xF2


class Contactless:
    """One card in a field, from its power-up on. `sens_res` and `sak` are what selects it."""

    def __init__(self, card: VirtualCard) -> None:
        self.card = card
        self.speaks_apdu = recognise(card.atr) is Technology.PROCESSOR
        self.sak = SAK_APDU if self.speaks_apdu else SAK_STORAGE
        self._historical = card.atr[_ATR_HEAD:-1] if self.speaks_apdu else b""
        self.power_off()

    def power_off(self) -> None:
        """Lose the field: everything agreed is forgotten, and a random number is drawn anew."""
        self.card.reset()
        self.uid = self.card.process(_GET_UID)[:-2]
        self.sens_res = bytes((0x04 | (len(self.uid) // 4) << 6, 0x00))
        self.is_selected = self._is_activated = False
        self._block, self._last = 1, b""
        self._command, self._answer = b"", b""
        self._most = FRAME_SIZE - _FRAMING

    def hear(self, frame: bytes) -> bytes | None:
        """Answer one frame; None where the card stays silent."""
        if frame in (REQA, WUPA):
            return self.sens_res
        if frame[:1] and frame[0] in _SELECT_CODES:
            return self._anticollision(frame)
        if not self.is_selected or not frame:
            return None
        if not self._is_activated:
            return self._activate(frame)
        return self._hear_block(frame)

    # ---- ISO/IEC 14443-3: one card in the field, so that no anticollision loop is needed

    def _anticollision(self, frame: bytes) -> bytes | None:
        level = _SELECT_CODES.index(frame[0])
        parts = self.parts()
        if level >= len(parts) or not frame[1:]:  # after the code comes the number of valid bits
            return None
        part = parts[level]
        whole = part + bytes((reduce(xor, part),))
        if frame[1] == _WHOLE_ANTICOLLISION:
            return whole
        if frame[1] != _WHOLE_SELECT or frame[2:7] != whole:
            return None
        is_last = level == len(parts) - 1
        self.is_selected = is_last
        return bytes((self.sak if is_last else self.sak | _SAK_GOES_ON,))

    def parts(self) -> list[bytes]:
        """Return the number in the parts of its cascade levels, as select commands name it."""
        uid, parts = self.uid, []
        while len(uid) > _PART:
            parts.append(bytes((_CASCADE_TAG,)) + uid[: _PART - 1])
            uid = uid[_PART - 1 :]
        return [*parts, uid]

    # ---- ISO/IEC 14443-4

    def _activate(self, frame: bytes) -> bytes | None:
        if not self.speaks_apdu or frame[0] != _RATS or not frame[1:]:  # the parameters
            return None
        self._is_activated = True
        self._most = _FSD_CODES[min(frame[1] >> 4, len(_FSD_CODES) - 1)] - _FRAMING
        return bytes((1 + len(_ATS_HEAD) + len(self._historical),)) + _ATS_HEAD + self._historical

    def _hear_block(self, frame: bytes) -> bytes | None:
        header, body = frame[0], frame[1:]
        if header & _I_MASK == _I_BLOCK:
            self._block = header & 1
            return self._hear_part(body, more=bool(header & _CHAINING))
        if header & _R_MASK == _R_ACK or header & _R_MASK == _R_NAK:
            return self._hear_receipt(header)
        if header == _S_DESELECT:
            self.is_selected = self._is_activated = False
            return bytes((_S_DESELECT,))
        return None

    def _hear_part(self, body: bytes, *, more: bool) -> bytes:
        self._command += body
        if more:
            return self._say(bytes((_R_ACK | self._block,)))
        command, self._command = self._command, b""
        self._answer = self.card.process(command)
        return self._say_part()

    def _hear_receipt(self, header: int) -> bytes | None:
        """Repeat, acknowledge or go on (rules 11 to 13 of section 7.5.4.3)."""
        if header & 1 == self._block:
            return self._last or None
        if header & _R_MASK == _R_NAK:
            return bytes((_R_ACK | self._block,))
        self._block ^= 1
        return self._say_part() if self._answer else None

    def _say_part(self) -> bytes:
        part, self._answer = self._answer[: self._most], self._answer[self._most :]
        return self._say(bytes((_I_BLOCK | self._block | (_CHAINING if self._answer else 0),)) + part)

    def _say(self, block: bytes) -> bytes:
        self._last = block
        return block


def in_the_air(card: VirtualCard | Contactless) -> Contactless:
    """Return a card as an antenna hears it."""
    return card if isinstance(card, Contactless) else Contactless(card)
