"""What commands do to a DESFire's files. Standard data files only: a badge needs no other."""

from typing import TYPE_CHECKING

from emulators.cards.desfire.memory import PICC, File, Setting
from emulators.cards.desfire.rules import Refused, expect, expect_master, only, open_to, proven_key
from readers.credentials.desfire.channel import Comm
from readers.credentials.desfire.framing import Instruction, Status

if TYPE_CHECKING:
    from emulators.cards.desfire.card import DesfireCard

_MOST_FILES = 32
_MOST_BYTES = 8192
_NEW_FILE = 7
WHERE = 7
"""Bytes that say which part of which file: its number, then offset and length, three bytes each."""

_COMMS = frozenset(comm.value for comm in Comm)


def create(card: "DesfireCard", header: bytes, _: bytes) -> bytes:
    """CreateStdDataFile."""
    expect(card.selected_aid != PICC, Status.PERMISSION_DENIED)
    expect_master(card, unless=Setting.FREE_CREATION)
    expect(len(header) == _NEW_FILE, Status.LENGTH_ERROR)
    number, comm, size = header[0], header[1], int.from_bytes(header[4:7], "little")
    expect(number < _MOST_FILES and comm in _COMMS and size > 0, Status.PARAMETER_ERROR)
    expect(number not in card.selected.files, Status.DUPLICATE)
    expect(size <= _MOST_BYTES, Status.OUT_OF_MEMORY)
    rights = int.from_bytes(header[2:4], "little")
    card.selected.files[number] = File(bytearray(size), Comm(comm), rights)
    return b""


def delete(card: "DesfireCard", header: bytes, _: bytes) -> bytes:
    """DeleteFile."""
    expect_master(card, unless=Setting.FREE_CREATION)
    _find(card, only(header))
    del card.selected.files[header[0]]
    return b""


def get_ids(card: "DesfireCard", _header: bytes, _data: bytes) -> bytes:
    """GetFileIDs."""
    expect(card.selected_aid != PICC, Status.PERMISSION_DENIED)
    expect_master(card, unless=Setting.FREE_LISTING)
    return bytes(sorted(card.selected.files))


def get_settings(card: "DesfireCard", header: bytes, _: bytes) -> bytes:
    """GetFileSettings."""
    expect_master(card, unless=Setting.FREE_LISTING)
    file = _find(card, only(header))
    head = bytes((0, file.comm)) + file.rights.to_bytes(2, "little")
    return head + len(file.content).to_bytes(3, "little")


def read(card: "DesfireCard", header: bytes, _: bytes) -> bytes:
    """ReadData; a length of zero is to the end."""
    file, start, length = _locate(card, header, reading=True)
    return bytes(file.content[start : start + (length or len(file.content))])


def write(card: "DesfireCard", header: bytes, data: bytes) -> bytes:
    """WriteData."""
    file, start, length = _locate(card, header, reading=False)
    expect(0 < length == len(data), Status.LENGTH_ERROR)
    file.content[start : start + length] = data
    return b""


def comm_of(card: "DesfireCard", ins: int, payload: bytes) -> Comm:
    """Return how a file's data travels: as its settings say, but in clear for whom only a free right lets in."""
    file = card.selected.files.get(payload[0]) if payload else None
    if file is None:
        return Comm.MAC
    keys = file.readers() if ins == Instruction.READ_DATA else file.writers()
    return file.comm if proven_key(card) in keys else Comm.PLAIN


def length_of_write(card: "DesfireCard", ins: int, payload: bytes) -> int:
    """Return how long a WriteData will be in the end; 0 for anything else, which comes in one frame."""
    if ins != Instruction.WRITE_DATA or len(payload) < WHERE:
        return 0
    length = int.from_bytes(payload[4:WHERE], "little")
    if card.session is not None:
        length = card.session.length_on_wire(length, comm_of(card, ins, payload))
    return WHERE + length


def _find(card: "DesfireCard", number: int) -> File:
    file = card.selected.files.get(number)
    if file is None:
        raise Refused(Status.FILE_NOT_FOUND)
    return file


def _locate(card: "DesfireCard", header: bytes, *, reading: bool) -> tuple[File, int, int]:
    """Return file, start and length of a read or write that is allowed."""
    expect(len(header) == WHERE, Status.LENGTH_ERROR)
    file = _find(card, header[0])
    denied = Status.AUTHENTICATION_ERROR if card.session is None else Status.PERMISSION_DENIED
    expect(open_to(card, file.readers() if reading else file.writers()), denied)
    start, length = int.from_bytes(header[1:4], "little"), int.from_bytes(header[4:7], "little")
    expect(start + length <= len(file.content), Status.BOUNDARY_ERROR)
    return file, start, length
