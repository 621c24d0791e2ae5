"""A badge by its serial number, the weakest proof: anyone can copy it.

The reader itself answers from the card's anticollision (PC/SC part 3, section 3.2.2.1.3). Numbers that do not belong to
one card are never identifiers (ISO/IEC 14443-3, section 6.5.4).
"""

from policies.ids import BadgeId
from policies.request import Assurance
from readers.credentials.apdu import Command, Malformed, Status, parse_response
from readers.credentials.exchange import UNREADABLE, Conversation, Identified, Rejected, Transmit

GET_UID = Command(cla=0xFF, ins=0xCA, p1=0x00, p2=0x00, expected=256).encode()

_SINGLE = 4
_SIZES = (_SINGLE, 7, 10)
_RANDOM = 0x08  # a number made up at each activation, as phones and privacy-minded cards do
_CASCADE_TAG = 0x88  # stands before the first part of a longer number: a half-read card, not a number


def ask_uid() -> Conversation[bytes | None]:
    """Ask for the serial number; None where it is not one card's own."""
    answer = yield Transmit(GET_UID)
    return parse_uid(answer)


def parse_uid(answer: bytes) -> bytes | None:
    """Return the serial number in an answer to GET DATA; None where it is not one card's own."""
    response = parse_response(answer)
    if isinstance(response, Malformed) or response.status != Status.OK:
        return None
    uid = response.data
    is_single = len(uid) == _SINGLE
    if len(uid) not in _SIZES or (is_single and uid[0] in (_RANDOM, _CASCADE_TAG)):
        return None
    return uid


def judge_uid(uid: bytes | None) -> Identified | Rejected:
    """Take a serial number for a badge."""
    return UNREADABLE if uid is None else Identified(BadgeId(uid.hex()), Assurance.UID)
