"""A badge by its serial number, the weakest proof: anyone can copy it.

The reader itself answers from the card's anticollision (PC/SC part 3, section 3.2.2.1.3). Numbers that do not belong to
one card are never identifiers (ISO/IEC 14443-3, section 6.5.4).
"""

from policies.ids import BadgeId
from policies.request import Assurance
from readers.credentials.apdu import Command, Malformed, Status, parse_response
from readers.credentials.exchange import UNREADABLE, Exchange, Identified, Rejected, Transmit

GET_UID = Command(cla=0xFF, ins=0xCA, p1=0x00, p2=0x00, expected=256).encode()

_SINGLE = 4
_SIZES = (_SINGLE, 7, 10)
_RANDOM = 0x08  # a number made up at each activation, as phones and privacy-minded cards do
_CASCADE_TAG = 0x88  # stands before the first part of a longer number: a half-read card, not a number


def identify_by_uid() -> Exchange:
    """Ask for the serial number and take it for the badge."""
    answer = yield Transmit(GET_UID)
    return judge_uid(answer)


def judge_uid(answer: bytes) -> Identified | Rejected:
    """Say which badge an answer to GET DATA stands for, if any."""
    response = parse_response(answer)
    if isinstance(response, Malformed) or response.status != Status.OK:
        return UNREADABLE
    uid = response.data
    if len(uid) not in _SIZES or (len(uid) == _SINGLE and uid[0] in (_RANDOM, _CASCADE_TAG)):
        return UNREADABLE
    return Identified(BadgeId(uid.hex()), Assurance.UID)
