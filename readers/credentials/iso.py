"""Applications and files by ISO/IEC 7816-4: selected by name or number, and read."""

from readers.credentials.apdu import Command, Response, Status
from readers.credentials.exchange import NO_ANSWER, Conversation, send

_SELECT, _READ_BINARY, _GET_RESPONSE = 0xA4, 0xB0, 0xC0
_BY_NAME, _BY_NUMBER, _FIRST, _NO_ANSWER_WANTED = 0x04, 0x00, 0x00, 0x0C
_MOST_PARTS = 8


def select_application(name: bytes) -> Conversation[Response]:
    """Select an application by its name (section 11.2.2)."""
    return (yield from send(Command(0x00, _SELECT, _BY_NAME, _FIRST, name, expected=256)))


def select_file(number: int) -> Conversation[bool]:
    """Select a file of the application by its number, and say whether it is there."""
    command = Command(0x00, _SELECT, _BY_NUMBER, _NO_ANSWER_WANTED, number.to_bytes(2, "big"))
    answer = yield from send(command)
    return answer.status == Status.OK


def read_binary() -> Conversation[bytes | None]:
    """Read the selected file from its beginning, at most 256 bytes; None where it may not be read."""
    answer = yield from send(Command(0x00, _READ_BINARY, 0x00, 0x00, expected=256))
    return answer.data if answer.status == Status.OK else None


def send_whole(command: Command) -> Conversation[Response]:
    """Send a command and fetch all of a longer answer (section 5.6, status 61)."""
    answer = yield from send(command)
    collected = answer.data
    for _ in range(_MOST_PARTS):
        if answer.status >> 8 != Status.MORE_DATA >> 8:
            return Response(collected, answer.status)
        expected = answer.status & 0xFF or 256
        answer = yield from send(Command(0x00, _GET_RESPONSE, 0x00, 0x00, expected=expected))
        collected += answer.data
    return NO_ANSWER
