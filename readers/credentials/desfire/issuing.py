"""A DESFire card made the site's badge, given newer keys, or given back (MF3D(H)x3 data sheet; layout in `badge`).

First the card's own master key becomes the site's, so that from then on nobody else can come between; then the
application, its keys, its file and what stands there, each looked at before it is changed.
"""

import msgspec

from policies.roster import BadgeKind
from readers.credentials.desfire import ev1
from readers.credentials.desfire.badge import (
    FILE,
    ID_BYTES,
    MASTER_KEY,
    READ_KEY,
    RECORD,
    Record,
    authenticate,
    is_sealed,
    read_record,
    seal_record,
)
from readers.credentials.desfire.channel import AuthenticationFailed, Channel, Comm
from readers.credentials.desfire.framing import Instruction, Line
from readers.credentials.exchange import Conversation, Found, Progress
from readers.credentials.issuing import (
    FACTORY_KEY,
    Draw,
    Failed,
    Issued,
    Slot,
    Wiped,
    done,
    expect_keys,
    finish,
    fixed_number,
    show,
    stop,
)
from readers.credentials.keys import KeyRef
from readers.credentials.schemes import AID_BYTES, Desfire

_PICC = bytes(AID_BYTES)
_AES_MASTER = 0x80  # beside the number of the card's master key, where an AES key takes its place
_OWNED, _FACTORY = b"\x09", b"\x0f"
"""Key settings: with `_OWNED`, listing, creating and deleting ask for the master key; both let it be changed."""

_TWO_AES_KEYS = b"\x82"
_RIGHTS = b"\x00\x10"  # read by key 1; written, both and changed by key 0
_FILE_SETTINGS = bytes((0, Comm.FULL)) + _RIGHTS + RECORD.to_bytes(3, "little")
_WHOLE_FILE = bytes((FILE,)) + bytes(3) + RECORD.to_bytes(3, "little")


class DesfireDesk(msgspec.Struct, frozen=True):
    """What a desk issues with: how badges are read, and the master keys of application and card, newest first."""

    scheme: Desfire
    master: tuple[KeyRef, ...]
    picc: tuple[KeyRef, ...]

    def __post_init__(self) -> None:
        named = (("of the application", self.master), ("of the card", self.picc))
        expect_keys((*named, ("to read", self.scheme.read), ("to seal", self.scheme.seal)))


def issue(desk: DesfireDesk, draw: Draw) -> Conversation[Issued | Failed]:
    """Make a card a badge with a new identifier; one that is the site's already keeps what it has, under new keys."""
    return (yield from finish(_issue(desk, draw, may_be_new=True)))


def rekey(desk: DesfireDesk, draw: Draw) -> Conversation[Issued | Failed]:
    """Give a badge of the site the newest keys; any other card is left as it is."""
    return (yield from finish(_issue(desk, draw, may_be_new=False)))


def wipe(desk: DesfireDesk, draw: Draw) -> Conversation[Wiped | Failed]:
    """Take the site's application off a card and give it the factory's key again; it is never given ours for that."""
    return (yield from finish(_wipe(desk, draw)))


def _issue(desk: DesfireDesk, draw: Draw, *, may_be_new: bool) -> Conversation[Issued]:
    work = _Work(desk, draw, (yield from fixed_number()))
    return (yield from work.issue(may_be_new=may_be_new))


def _wipe(desk: DesfireDesk, draw: Draw) -> Conversation[Wiped]:
    return (yield from _Work(desk, draw, (yield from fixed_number())).wipe())


class _Work:
    """Work on one card."""

    def __init__(self, desk: DesfireDesk, draw: Draw, uid: bytes) -> None:
        self._scheme, self._draw, self._uid = desk.scheme, draw, uid
        self._line = Line()
        identity = desk.scheme.identity(uid)
        self._picc = Slot(desk.picc, uid + _PICC + desk.scheme.system)
        self._master, self._read = Slot(desk.master, identity), Slot(desk.scheme.read, identity)

    def issue(self, *, may_be_new: bool) -> Conversation[Issued]:
        if not may_be_new:
            yield from self._expect_application()
        before = yield from self._read_before()
        yield Progress("taking the card over")
        yield from self._select(_PICC)
        channel, key = yield from self._open_card()
        if key == FACTORY_KEY and not may_be_new:
            raise stop("the card takes the factory's key: it is no badge of this desk")
        yield from show(Found(self._uid, None if before is None else before.badge, key == FACTORY_KEY))
        channel = yield from self._own_card(channel, key)
        yield Progress("making the application and its keys")
        channel = yield from self._own_application(channel)
        yield Progress("writing the badge")
        yield from self._make_file(channel)
        is_new = yield from self._write_record(channel, may_be_new=may_be_new)
        yield Progress("reading it as a door does")
        record = yield from self._verify()
        return Issued(record.badge, BadgeKind.DESFIRE, self._uid, is_new)

    def wipe(self) -> Conversation[Wiped]:
        yield Progress("reading what is there")
        before = yield from self._read_before()
        yield Progress("taking the application off")
        yield from self._select(_PICC)
        channel, key = yield from self._open_card()
        badge, is_blank = None if before is None else before.badge, key == FACTORY_KEY
        yield from show(Found(self._uid, badge, is_blank))
        if is_blank and badge is None:
            return Wiped(self._uid, None, was_blank=True)
        if not is_blank:
            channel = yield from self._own_card(channel, key)
        if self._scheme.aid in (yield from self._applications(channel)):
            yield from done(channel.command(Instruction.DELETE_APPLICATION, self._scheme.aid), "delete")
        if not is_blank:
            yield from self._give_back(channel)
        return Wiped(self._uid, badge)

    def _give_back(self, channel: Channel) -> Conversation[None]:
        yield Progress("giving the factory's key back")
        yield from self._set_settings(channel, _FACTORY)
        yield from done(channel.change_key(MASTER_KEY, FACTORY_KEY, None, old=None), "give the card back")
        yield from self._select(_PICC)
        opened = yield from ev1.authenticate(
            self._line, MASTER_KEY, FACTORY_KEY, self._draw, kind=ev1.DES_KEYS
        )
        if isinstance(opened, AuthenticationFailed):
            raise stop("the card was given back, but does not take the factory's key")

    # The card

    def _own_card(self, channel: Channel, key: bytes) -> Conversation[Channel]:
        """Return a session by the newest master key of the card, changed to it where another was there."""
        newest = yield from self._picc.make()
        if key != newest:
            number = MASTER_KEY | _AES_MASTER
            change = channel.change_key(number, newest, self._picc.newest.version, old=None)
            yield from done(change, "take the card over")
            channel = yield from self._prove(MASTER_KEY, newest, "the card's new master key")
        yield from self._set_settings(channel, _OWNED)
        return channel

    def _open_card(self) -> Conversation[tuple[Channel, bytes]]:
        """Return a session by the card's master key, and that key; nothing is written."""
        for key, _ in (yield from self._picc.candidates()):
            channel = yield from authenticate(self._line, MASTER_KEY, key, self._draw, may_be_ev1=True)
            if not isinstance(channel, AuthenticationFailed):
                return channel, key
        from_factory = yield from ev1.authenticate(
            self._line, MASTER_KEY, FACTORY_KEY, self._draw, kind=ev1.DES_KEYS
        )
        if isinstance(from_factory, AuthenticationFailed):
            raise stop("the card's master key is somebody else's, or the card is no DESFire")
        return from_factory, FACTORY_KEY

    def _set_settings(self, channel: Channel, wanted: bytes) -> Conversation[None]:
        answer = yield from done(channel.command(Instruction.GET_KEY_SETTINGS), "read the key settings")
        if answer.data[:1] != wanted:
            change = channel.command(Instruction.CHANGE_KEY_SETTINGS, data=wanted, comm=Comm.FULL)
            yield from done(change, "change the key settings")

    def _applications(self, channel: Channel) -> Conversation[list[bytes]]:
        answer = yield from done(channel.command(Instruction.GET_APPLICATION_IDS), "list the applications")
        return [answer.data[at : at + AID_BYTES] for at in range(0, len(answer.data), AID_BYTES)]

    # The application

    def _own_application(self, channel: Channel) -> Conversation[Channel]:
        """Return a session by the newest master key of the application, made where it is not there."""
        aid = self._scheme.aid
        if aid not in (yield from self._applications(channel)):
            create = channel.command(Instruction.CREATE_APPLICATION, aid + _OWNED + _TWO_AES_KEYS)
            yield from done(create, "make the application")
        yield from self._select(aid)
        channel, is_newest = yield from self._open_application()
        yield from self._renew_read_key(channel)
        if not is_newest:
            key = yield from self._master.make()
            change = channel.change_key(MASTER_KEY, key, self._master.newest.version, old=None)
            yield from done(change, "change the application's master key")
            channel = yield from self._prove(MASTER_KEY, key, "the application's new master key")
        return channel

    def _open_application(self) -> Conversation[tuple[Channel, bool]]:
        for key, is_newest in (yield from self._master.candidates()):
            channel = yield from authenticate(self._line, MASTER_KEY, key, self._draw, may_be_ev1=True)
            if not isinstance(channel, AuthenticationFailed):
                return channel, is_newest
        raise stop("the application on the card is not this site's; wipe it first")

    def _renew_read_key(self, channel: Channel) -> Conversation[None]:
        asked = channel.command(Instruction.GET_KEY_VERSION, bytes((READ_KEY,)))
        answer = yield from done(asked, "read a key's version")
        if answer.data == bytes((self._read.newest.version,)):
            return
        old = yield from self._read.with_version(answer.data[0])
        key = yield from self._read.make()
        change = channel.change_key(READ_KEY, key, self._read.newest.version, old=old)
        yield from done(change, "change the reading key")

    # The file and what stands in it

    def _make_file(self, channel: Channel) -> Conversation[None]:
        there = yield from done(channel.command(Instruction.GET_FILE_IDS), "list the files")
        if FILE in there.data:
            asked = channel.command(Instruction.GET_FILE_SETTINGS, bytes((FILE,)))
            answer = yield from done(asked, "read the file's settings")
            if answer.data == _FILE_SETTINGS:
                return
            yield from done(channel.command(Instruction.DELETE_FILE, bytes((FILE,))), "delete the file")
        create = bytes((FILE, Comm.FULL)) + _RIGHTS + RECORD.to_bytes(3, "little")
        yield from done(channel.command(Instruction.CREATE_STD_DATA_FILE, create), "make the file")

    def _write_record(self, channel: Channel, *, may_be_new: bool) -> Conversation[bool]:
        """Write a badge, or the same one under the newest seal; return whether it is a new one."""
        before = yield from read_record(channel)
        is_ours = before is not None and (yield from is_sealed(before, self._uid, self._scheme.seal))
        if not is_ours and not may_be_new:
            raise stop("no badge of this site is on the card")
        identifier = before.id if before is not None and is_ours else self._draw(ID_BYTES)
        record = yield from seal_record(self._scheme.seal[0], self._uid, identifier)
        if record is None:
            raise stop(f"this desk does not hold the key {self._scheme.seal[0].name}")
        if record != before:
            write = channel.command(Instruction.WRITE_DATA, _WHOLE_FILE, record.encode(), Comm.FULL)
            yield from done(write, "write the badge")
        return not is_ours

    def _verify(self) -> Conversation[Record]:
        yield from self._select(self._scheme.aid)
        key = yield from self._read.make()
        channel = yield from self._prove(READ_KEY, key, "the reading key")
        record = yield from read_record(channel)
        if record is None or not (yield from is_sealed(record, self._uid, self._scheme.seal[:1])):
            raise stop("the badge does not read as it was written")
        return record

    def _expect_application(self) -> Conversation[None]:
        selected = yield from self._line.send(Instruction.SELECT_APPLICATION, self._scheme.aid)
        if not selected.is_ok:
            raise stop("no badge of this site is on the card")

    def _read_before(self) -> Conversation[Record | None]:
        """Read the badge, if there is one that any generation of keys opens, sealed to this card."""
        for key in self._scheme.read:
            selected = yield from self._line.send(Instruction.SELECT_APPLICATION, self._scheme.aid)
            if not selected.is_ok:
                return None
            made = yield from Slot((key,), self._read.identity).make()
            channel = yield from authenticate(self._line, READ_KEY, made, self._draw, may_be_ev1=True)
            if not isinstance(channel, AuthenticationFailed):
                record = yield from read_record(channel)
                is_ours = record is not None and (yield from is_sealed(record, self._uid, self._scheme.seal))
                return record if is_ours else None
        return None

    def _prove(self, key_no: int, key: bytes, what: str) -> Conversation[Channel]:
        channel = yield from authenticate(self._line, key_no, key, self._draw, may_be_ev1=True)
        if isinstance(channel, AuthenticationFailed):
            raise stop(f"the card does not take {what}")
        return channel

    def _select(self, aid: bytes) -> Conversation[None]:
        yield from done(self._line.send(Instruction.SELECT_APPLICATION, aid), "select")
