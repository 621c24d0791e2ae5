"""An NTAG 424 DNA made the site's badge, given newer keys, or given back (NT4H2421Gx, section 10; AN12196, section 6).

Key 0 becomes the site's first, so that from then on nobody else can come between. The fifth key has no rights on the
tag; it is given the value of key 0 all the same, so that no factory key is left.
"""

import msgspec

from policies.ids import BadgeId
from policies.roster import BadgeKind
from readers.credentials import iso
from readers.credentials.apdu import Status
from readers.credentials.desfire import ev2
from readers.credentials.desfire.channel import AuthenticationFailed, Comm
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
from readers.credentials.keys import FACTORY_VERSION, KeyRef
from readers.credentials.ntag424.badge import (
    APPLICATION,
    MASTER_KEY,
    META_KEY,
    READ_KEY,
    SPARE_KEY,
    SUN_KEY,
)
from readers.credentials.ntag424.message import lay_out
from readers.credentials.schemes import Ntag424

_NDEF, _FILE_BYTES = 2, 256
_LONGEST_COMMAND = 240
_FACTORY_SETTINGS = bytes.fromhex("00e0ee")  # in clear; written and read by everybody, changed by key 0
_RIGHTS = bytes.fromhex("00e0")  # read by everybody; written, both and changed by key 0
_MIRRORING, _NUMBER_COUNT_ASCII = 0x40, 0xC1
_NOBODY = 0xF


class Ntag424Desk(msgspec.Struct, frozen=True):
    """What a desk issues with: how tags are read, by authentication and by message, and their master keys."""

    scheme: Ntag424
    master: tuple[KeyRef, ...]

    def __post_init__(self) -> None:
        scheme = self.scheme
        named = (("to read tags", scheme.read), ("for numbers", scheme.meta), ("for messages", scheme.sun))
        expect_keys((("of the tag", self.master), *named))
        lay_out(scheme.url)


def issue(desk: Ntag424Desk, draw: Draw) -> Conversation[Issued | Failed]:
    """Make a tag a badge under the newest keys; its identifier is its own number."""
    return (yield from finish(_issue(desk, draw, may_be_new=True)))


def rekey(desk: Ntag424Desk, draw: Draw) -> Conversation[Issued | Failed]:
    """Give a tag of the site the newest keys; any other is left as it is."""
    return (yield from finish(_issue(desk, draw, may_be_new=False)))


def wipe(desk: Ntag424Desk, draw: Draw) -> Conversation[Wiped | Failed]:
    """Give a tag the factory's keys and settings; one that takes the factory's key is left as it is.

    Its count begins anew, so doors refuse messages up to the old one.
    """
    return (yield from finish(_wipe(desk, draw)))


def _issue(desk: Ntag424Desk, draw: Draw, *, may_be_new: bool) -> Conversation[Issued]:
    work = _Work(desk, draw, (yield from _select()))
    return (yield from work.issue(may_be_new=may_be_new))


def _wipe(desk: Ntag424Desk, draw: Draw) -> Conversation[Wiped]:
    return (yield from _Work(desk, draw, (yield from _select())).wipe())


def _select() -> Conversation[bytes]:
    uid = yield from fixed_number()
    selected = yield from iso.select_application(APPLICATION)
    if selected.status != Status.OK:
        raise stop("this is no NTAG 424 DNA")
    return uid


class _Work:
    """Work on one tag, whose application is selected."""

    def __init__(self, desk: Ntag424Desk, draw: Draw, uid: bytes) -> None:
        self._scheme, self._draw, self._uid = desk.scheme, draw, uid
        self._line = Line(part=_LONGEST_COMMAND)
        identity = desk.scheme.identity(uid)
        self._master = Slot(desk.master, identity)
        self._others = {
            READ_KEY: Slot(desk.scheme.read, identity),
            META_KEY: Slot(desk.scheme.meta, desk.scheme.site),
            SUN_KEY: Slot(desk.scheme.sun, identity),
            SPARE_KEY: self._master,
        }

    def issue(self, *, may_be_new: bool) -> Conversation[Issued]:
        yield Progress("taking the tag over")
        channel, key = yield from self._open_tag()
        is_new = key == FACTORY_KEY
        if is_new and not may_be_new:
            raise stop("this tag is no badge of this site")
        yield from show(Found(self._uid, None if is_new else self._badge, is_new))
        channel = yield from self._own_tag(channel, key)
        yield Progress("changing its keys")
        for number, slot in self._others.items():
            yield from self._renew(channel, number, slot)
        yield Progress("writing its address")
        yield from self._write_address(channel)
        yield Progress("proving its keys")
        for number in (READ_KEY, META_KEY, SUN_KEY):
            key = yield from self._others[number].make()
            yield from self._prove(number, key, f"its new key {number}")
        return Issued(self._badge, BadgeKind.NTAG424, self._uid, is_new)

    def wipe(self) -> Conversation[Wiped]:
        yield Progress("taking the tag over")
        channel, key = yield from self._open_tag()
        if key == FACTORY_KEY:  # the last thing that is given back: all else was before
            return Wiped(self._uid, None, was_blank=True)
        yield from show(Found(self._uid, self._badge, is_blank=False))
        channel = yield from self._own_tag(channel, key)
        yield Progress("giving the factory's settings back")
        yield from self._set(channel, _FACTORY_SETTINGS)
        yield from self._write(channel, bytes(_FILE_BYTES))
        yield Progress("giving the factory's keys back")
        for number, slot in self._others.items():
            yield from self._give_back(channel, number, slot)
        change = channel.change_key(MASTER_KEY, FACTORY_KEY, FACTORY_VERSION, old=None)
        yield from done(change, "give the tag back")
        yield from self._prove(MASTER_KEY, FACTORY_KEY, "the factory's key")
        return Wiped(self._uid, self._badge)

    @property
    def _badge(self) -> BadgeId:
        return BadgeId(self._uid.hex())

    def _open_tag(self) -> Conversation[tuple[ev2.Ev2Channel, bytes]]:
        """Return a session by the tag's master key, and that key; nothing is written."""
        for key, _ in (yield from self._master.candidates()):
            channel = yield from ev2.authenticate(self._line, MASTER_KEY, key, self._draw)
            if not isinstance(channel, AuthenticationFailed):
                return channel, key
        raise stop("the tag's master key is somebody else's")

    def _own_tag(self, channel: ev2.Ev2Channel, key: bytes) -> Conversation[ev2.Ev2Channel]:
        """Return a session by the newest master key, changed to it where another was there."""
        newest = yield from self._master.make()
        if key == newest:
            return channel
        change = channel.change_key(MASTER_KEY, newest, self._master.newest.version, old=None)
        yield from done(change, "take the tag over")
        return (yield from self._prove(MASTER_KEY, newest, "its new master key"))

    def _renew(self, channel: ev2.Ev2Channel, number: int, slot: Slot) -> Conversation[None]:
        version = yield from self._version(channel, number)
        if version != slot.newest.version:
            old = yield from slot.with_version(version)
            key = yield from slot.make()
            change = channel.change_key(number, key, slot.newest.version, old=old)
            yield from done(change, f"change key {number}")

    def _give_back(self, channel: ev2.Ev2Channel, number: int, slot: Slot) -> Conversation[None]:
        version = yield from self._version(channel, number)
        if version != FACTORY_VERSION:
            old = yield from slot.with_version(version)
            change = channel.change_key(number, FACTORY_KEY, FACTORY_VERSION, old=old)
            yield from done(change, f"give key {number} back")

    def _version(self, channel: ev2.Ev2Channel, number: int) -> Conversation[int]:
        asked = channel.command(Instruction.GET_KEY_VERSION, bytes((number,)))
        answer = yield from done(asked, "read a key's version")
        if len(answer.data) != 1:
            raise stop("could not read a key's version")
        return answer.data[0]

    def _write_address(self, channel: ev2.Ev2Channel) -> Conversation[None]:
        """Write the address, then let the tag complete it: with the settings there, it was written before."""
        layout = lay_out(self._scheme.url)
        wanted = bytes((_MIRRORING,)) + _RIGHTS + bytes((_NUMBER_COUNT_ASCII,))
        wanted += bytes((_NOBODY << 4 | _NOBODY, META_KEY << 4 | SUN_KEY))
        for offset in (layout.picc_data, layout.mac, layout.mac):
            wanted += offset.to_bytes(3, "little")
        asked = channel.command(Instruction.GET_FILE_SETTINGS, bytes((_NDEF,)))
        there = yield from done(asked, "read the file's settings")
        if _settings_in(there.data) != wanted:
            yield from self._set(channel, _FACTORY_SETTINGS)
            yield from self._write(channel, layout.content)
            yield from self._set(channel, wanted)

    def _set(self, channel: ev2.Ev2Channel, settings: bytes) -> Conversation[None]:
        change = channel.command(Instruction.CHANGE_FILE_SETTINGS, bytes((_NDEF,)), settings, Comm.FULL)
        yield from done(change, "change the file's settings")

    def _write(self, channel: ev2.Ev2Channel, content: bytes) -> Conversation[None]:
        """Write from the file's beginning, in parts that fit a command; the file's settings say in clear."""
        for start in range(0, len(content), _LONGEST_COMMAND // 2):
            part = content[start : start + _LONGEST_COMMAND // 2]
            where = bytes((_NDEF,)) + start.to_bytes(3, "little") + len(part).to_bytes(3, "little")
            write = channel.command(Instruction.ISO_WRITE_DATA, where, part, Comm.PLAIN)
            yield from done(write, "write the address")

    def _prove(self, number: int, key: bytes, what: str) -> Conversation[ev2.Ev2Channel]:
        channel = yield from ev2.authenticate(self._line, number, key, self._draw)
        if isinstance(channel, AuthenticationFailed):
            raise stop(f"the tag does not take {what}")
        return channel


def _settings_in(answer: bytes) -> bytes:
    """Return what ChangeFileSettings would have to carry for what GetFileSettings tells (without type and size)."""
    return answer[1:4] + answer[7:]
