"""The samples that the golden files of tests/vectors/wire hold, version 1 of the wire.

What is in those files is out in the world: door computers and journals written by it must be read for ever. A file
is never written anew for an existing version; `python -m tests.readers.wire.vectors` writes those that are missing.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from policies.building import Building, Door, Label, Reader, Space, SpaceKind
from policies.decision import Effect, Flag, Reason
from policies.ids import (
    BadgeId,
    CertificationId,
    DoorId,
    GrantId,
    PersonId,
    ReaderId,
    RuleId,
    ScheduleId,
    SiteId,
    SourceId,
    SpaceId,
    TierId,
)
from policies.policy import Policy, Rule, RuleEffect, Tier
from policies.request import Assurance, Direction, DoorMode
from policies.roster import (
    Badge,
    BadgeKind,
    BadgeStatus,
    Certification,
    Grant,
    Person,
    ResidentType,
    Roster,
)
from policies.schedule import Calendar, Schedule, Weekday, Window
from readers.wire import commands
from readers.wire.commands import Command, Verb
from readers.wire.delta import Delta
from readers.wire.delta import sign as sign_delta
from readers.wire.events import FIRST_SEQ, GENESIS, Draft, EventType, Inputs, seal
from readers.wire.orders import Order, Orders
from readers.wire.snapshot import Snapshot, sign

FOLDER = Path(__file__).parents[2] / "vectors" / "wire"
EVENTS = FOLDER / "events-1.jsonl"
SNAPSHOT = FOLDER / "snapshot-1.bin"
COMMAND = FOLDER / "command-1.bin"
DELTA = FOLDER / "delta-1.bin"

SOURCE, EPOCH = SourceId("edge-1"), 1789457400000
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
AT = datetime(2026, 9, 15, 7, 20, 0, 250_000, tzinfo=UTC)

DRAFTS = [
    Draft(AT, EventType.SOURCE_STARTED),
    Draft(
        AT,
        EventType.DECISION,
        DoorId("agora"),
        ReaderId("agora-out"),
        SpaceId("outside"),
        effect=Effect.GRANT,
        reason=Reason.GRANTED,
        inwards=Reason.OUT_OF_TIME_RANGE,
        rules=(RuleId("staff-by-day"),),
        flags=(Flag.REFUSED_INWARDS,),
        policy_version="km0-1",
        inputs=Inputs(Assurance.UID, pin_ok=True, mode="normal", snapshot=3),
        person=PersonId("p-élodie"),
        badge=BadgeId("04A1B2C3D4E5F6"),
    ),
    Draft(
        AT,
        EventType.PASSAGE,
        DoorId("agora"),
        space=SpaceId("outside"),
        origin=SpaceId("agora"),
        decision=f"{SOURCE}:{EPOCH}:2",
        person=PersonId("p-élodie"),
    ),
    Draft(AT, EventType.DOOR_FORCED, DoorId("agora")),
]


def sealed_lines() -> bytes:
    """Return the drafts as a journal holds them."""
    lines, prev = [], GENESIS
    for seq, draft in enumerate(DRAFTS, start=FIRST_SEQ):
        sealed = seal(draft, SOURCE, EPOCH, seq, prev, "00112233445566778899aabbccddeeff")
        lines.append(sealed.line + b"\n")
        prev = sealed.digest
    return b"".join(lines)


def snapshot() -> Snapshot:
    """Return a snapshot of one door."""
    day, staff = ScheduleId("day"), TierId("staff")
    building = Building.of(
        SiteId("km0"),
        [
            Space(SpaceId("outside"), Label("dehors", "outside"), SpaceKind.OUTSIDE),
            Space(SpaceId("agora"), Label("agora", "agora"), capacity=30),
        ],
        [Door(DoorId("agora"), Label("agora", "agora"), SpaceId("outside"), SpaceId("agora"))],
        [Reader(ReaderId("agora-in"), DoorId("agora"), Direction.ENTRY)],
    )
    policy = Policy(
        "km0-1",
        {staff: Tier(staff)},
        {day: Schedule(day, (Window((Weekday.MON,), 8 * 60, 20 * 60),))},
        Calendar("Europe/Paris", (0,), (7200,), ()),
        (Rule(RuleId("staff-by-day"), RuleEffect.PERMIT, tiers=(staff,), schedule=day),),
    )
    roster = Roster.of(
        [Person(PersonId("p-1"), ResidentType.STAFF, tiers=(staff,))],
        [Badge(BadgeId("04A1B2C3D4E5F6"), BadgeKind.UID, PersonId("p-1"))],
    )
    return Snapshot(SOURCE, 3, AT, building, policy, roster)


def command() -> Command:
    """Return a lockdown of one door, with an operator's mode below it."""
    lockdown = Order("c-1", AT, DoorMode.LOCKDOWN)
    operator = Order("c-0", AT, DoorMode.FREE, AT + timedelta(hours=2))
    orders = Orders(1789457400000, lockdown, operator)
    late = AT + timedelta(hours=72)
    return Command("c-1", DoorId("agora"), Verb.ORDERS, "élodie", "Exercice", AT, late, orders)


def delta() -> Delta:
    """Return a delta that changes somebody, adds a badge, and forgets another person and badge."""
    return Delta(
        SiteId("km0"),
        3,
        5,
        AT,
        (
            Person(
                PersonId("p-1"),
                ResidentType.STAFF,
                tiers=(TierId("staff"),),
                certifications=(Certification(CertificationId("laser"), AT),),
                grants=(Grant(GrantId("g-1"), AT, AT + timedelta(days=1), (DoorId("agora"),)),),
                suspended=True,
            ),
        ),
        (Badge(BadgeId("04A1B2C3D4E5F7"), BadgeKind.DESFIRE, PersonId("p-1"), BadgeStatus.ISSUED, AT),),
        (PersonId("p-2"),),
        (BadgeId("04A1B2C3D4E5F6"),),
    )


if __name__ == "__main__":
    made = (
        (EVENTS, sealed_lines()),
        (SNAPSHOT, sign(snapshot(), KEY)),
        (DELTA, sign_delta(delta(), KEY)),
        (COMMAND, commands.sign(command(), KEY)),
    )
    for file, content in made:
        if not file.exists():
            file.write_bytes(content)
