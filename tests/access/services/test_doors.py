"""Operators' word to doors: registers that only go forward, lockdowns that overlap, and everything in the audit."""

from contextlib import closing
from datetime import timedelta
from threading import Event, Lock, Thread

import pytest
from msgspec.structs import replace
from sqlalchemy import event
from sqlalchemy.exc import TimeoutError as WaitedTooLong

from access.errors import Conflict, Invalid, NotFound
from access.services import open_services
from access.services.doors import LONGEST_MODE, Act, Slot
from access.services.neighbours import Neighbours
from access.site.pace import inline
from access.store import audit
from access.store.database import open_database
from policies.ids import DoorId, InterlockId
from policies.request import DoorMode
from readers.clock import SystemClock
from readers.wire.commands import Verb, read
from tests.small_site import BUILDING, NOON, POLICY, SCOPES

LATER = NOON + timedelta(hours=2)


def act(number=1, at=NOON, reason="delivery"):
    return Act(f"c-{number}", "anna", reason, at)


@pytest.fixture
def sent(services):
    """Return the commands that go out, verified as a door does."""
    commands, key = [], services.publisher.public_key

    def take(message):
        command = read(message.payload, key)
        assert message.topic == f"totem/v1/mill/doors/{command.door}/command"
        assert message.retain is (command.verb is Verb.ORDERS)
        commands.append(command)

    services.commands.listen(take)
    return commands


def audited(services):
    with services.database.reading() as session:
        return [(row.actor, row.action, row.subject) for row in audit.page(session, 0, 100)]


def test_an_unlocking_is_signed_names_its_actor_and_reason_and_is_over_within_seconds(services, sent):
    assert services.doors.unlock("front", act()) == ("front",)
    (command,) = sent
    assert (command.id, command.actor, command.reason) == ("c-1", "anna", "delivery")
    assert command.expires_at - command.issued_at == timedelta(seconds=5)
    assert audited(services)[-1] == ("anna", "door-unlock", "front: c-1: delivery")
    assert services.doors.registers(NOON) == []


def test_a_mode_ends_when_it_was_said_to_and_is_sent_again_until_then(services, sent):
    services.doors.set_mode("front", DoorMode.FREE, LATER, Slot.OPERATOR, act())
    services.doors.set_mode("front", DoorMode.LOCKED, LATER, Slot.EVENT, act(2))
    orders = sent[-1].orders
    assert (orders.operator.mode, orders.operator.until, orders.event.mode) == (
        DoorMode.FREE,
        LATER,
        DoorMode.LOCKED,
    )
    again = read(services.doors.registers(NOON)[0].payload, services.publisher.public_key)
    assert again.orders == orders
    services.doors.set_mode("front", None, None, Slot.OPERATOR, act(3))
    assert sent[-1].orders.operator is None
    assert sent[-1].orders.event == orders.event


def test_every_register_has_a_higher_revision_than_the_one_before_also_where_the_clock_goes_back(
    services, sent
):
    for number, at in enumerate((NOON, NOON - timedelta(hours=1), NOON)):
        services.doors.set_mode("front", DoorMode.FREE, LATER, Slot.OPERATOR, act(number, at))
    revisions = [command.orders.revision for command in sent]
    assert revisions == sorted(set(revisions))


def test_the_lockdown_of_a_space_shuts_the_doors_into_it_and_that_of_the_site_all(services, sent):
    assert services.doors.lock_down("room", None, act()) == ("room",)
    assert services.doors.lock_down(None, None, act(2)) == ("front", "room")
    assert [one.space for one in services.doors.lockdowns(NOON)] == ["room", None]
    services.doors.end_lockdown(None, act(3))
    standing = {command.door: command.orders.lockdown for command in sent}
    assert standing["front"] is None
    assert standing["room"] is not None
    assert standing["room"].id == "c-1"
    services.doors.end_lockdown("room", act(4))
    assert sent[-1].orders.lockdown is None
    assert services.doors.lockdowns(NOON) == []


def test_of_two_lockdowns_a_door_keeps_the_one_that_lasts_longer(services, sent):
    services.doors.lock_down("room", LATER, act())
    services.doors.lock_down(None, LATER + timedelta(hours=1), act(2))
    assert sent[-1].orders.lockdown.until == LATER + timedelta(hours=1)
    assert services.doors.lockdowns(LATER) != []
    assert services.doors.lockdowns(LATER + timedelta(hours=1)) == []


@pytest.mark.parametrize(
    ("error", "ask"),
    [
        (NotFound, lambda doors: doors.unlock("nowhere", act())),
        (NotFound, lambda doors: doors.lock_down("nowhere", None, act())),
        (Invalid, lambda doors: doors.unlock("front", act(reason="  "))),
        (Invalid, lambda doors: doors.set_mode("front", DoorMode.FREE, None, Slot.OPERATOR, act())),
        (Invalid, lambda doors: doors.set_mode("front", DoorMode.FREE, NOON, Slot.OPERATOR, act())),
        (Invalid, lambda doors: doors.set_mode("front", DoorMode.LOCKDOWN, LATER, Slot.OPERATOR, act())),
        (Invalid, lambda doors: doors.lock_down(None, NOON, act())),
        (Conflict, lambda doors: doors.end_lockdown(None, act())),
    ],
    ids=["door", "space", "reason", "no end", "past end", "lockdown as a mode", "past", "no lockdown"],
)
def test_what_does_not_fit_is_refused_and_nothing_is_sent_or_audited(services, sent, error, ask):
    before = audited(services)
    with pytest.raises(error):
        ask(services.doors)
    assert sent == []
    assert audited(services) == before


def test_of_two_operators_at_once_the_later_revision_goes_out_last(tmp_path):
    services = open_services(f"sqlite:///{tmp_path}/totem.db", BUILDING, POLICY, SCOPES, tmp_path / "key")
    key, first, second = services.publisher.public_key, Lock(), Event()
    out: list[int] = []

    def take(message):
        command = read(message.payload, key)
        if first.acquire(blocking=False):
            second.wait(0.3)  # as long as the other operator is let past
        else:
            second.set()
        assert command.orders is not None
        out.append(command.orders.revision)

    services.commands.listen(take)
    operators = [
        Thread(
            target=services.doors.set_mode, args=("front", DoorMode.LOCKED, LATER, Slot.OPERATOR, act(number))
        )
        for number in (1, 2)
    ]
    for each in operators:
        each.start()
    for each in operators:
        each.join()
    services.close()
    assert out == sorted(out)
    assert len(out) == 2


def test_no_operator_s_mode_stands_for_longer_than_a_month_unless_it_is_renewed(services, sent):
    month = NOON + LONGEST_MODE
    for slot in Slot:
        with pytest.raises(Invalid, match="more than 31 days away"):
            services.doors.set_mode("front", DoorMode.FREE, month + timedelta(seconds=1), slot, act())
    with pytest.raises(Invalid, match="more than 31 days away"):
        services.doors.set_maintenance("front", month + timedelta(seconds=1), act())
    assert sent == []
    services.doors.set_mode("front", DoorMode.FREE, month, Slot.OPERATOR, act())
    services.doors.lock_down(None, month + LONGEST_MODE, act(2))
    assert sent[0].orders.operator.until == month


def test_a_lockdown_of_a_space_that_no_door_leads_into_is_refused_and_not_said_to_stand(services, sent):
    before = audited(services)
    with pytest.raises(Invalid, match="space outside: no door leads into it"):
        services.doors.lock_down("outside", None, act())
    assert (sent, services.doors.lockdowns(NOON), audited(services)) == ([], [], before)


def test_no_door_of_an_airlock_is_set_free(tmp_path):
    front = replace(BUILDING.doors[DoorId("front")], interlock=InterlockId("lock"))
    building = replace(BUILDING, doors=BUILDING.doors | {front.id: front})
    services = open_services("sqlite://", building, POLICY, SCOPES, tmp_path / "key")
    with pytest.raises(Invalid, match="interlock lock"):
        services.doors.set_mode(front.id, DoorMode.FREE, LATER, Slot.OPERATOR, act())
    assert services.doors.set_mode(front.id, DoorMode.LOCKED, LATER, Slot.OPERATOR, act()) == ("front",)
    services.close()


@pytest.fixture
def hurried(sqlite_url, tmp_path):
    """Return the services over a file that several may write to, each waiting for its turn for a moment only."""
    database = open_database(sqlite_url, 0.05)
    with closing(open_services(database, BUILDING, POLICY, SCOPES, tmp_path / "key")) as services:
        yield services


def test_who_waits_behind_another_operator_gives_up_in_the_database_s_time(hurried):
    gave_up = Event()
    stood_still: list[bool] = []

    def lock_too():
        with pytest.raises(WaitedTooLong):
            hurried.doors.lock_down(None, None, act(2))
        gave_up.set()

    second = Thread(target=lock_too)

    def stand_still(connection):
        if connection.get_execution_options().get("totem_writes") and not stood_still:
            second.start()
            stood_still.append(gave_up.wait(10))

    event.listen(hurried.database.engine, "begin", stand_still)
    hurried.doors.lock_down("room", None, act())
    second.join()
    assert stood_still == [True]


def test_a_lockdown_that_was_begun_is_told_of_also_where_it_cannot_be_read_back(hurried):
    """The database goes away between the commit and the look at what stands; its neighbour in time makes it good."""
    neighbours = Neighbours(hurried, SystemClock(), inline)
    engine = hurried.database.engine

    def rename(old, new):
        with engine.begin() as connection:
            connection.exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")

    ends = hurried.commands.listen(lambda _: rename("lockdowns", "away"))
    assert hurried.doors.lock_down("room", None, act()) == ("room",)
    ends()
    rename("away", "lockdowns")
    assert hurried.doors.standing.at(NOON) == ()
    neighbours.look()
    assert [one.space for one in hurried.doors.standing.at(NOON)] == ["room"]


def test_what_stands_is_what_was_read_last_however_slow_another_reads(hurried):
    reading, written = Event(), Event()
    seen: list[str] = []

    def dawdle(_connection, _cursor, statement, *_):
        if "FROM lockdowns" in statement and not seen:
            seen.append(statement)
            reading.set()
            written.wait(0.3)  # as long as the other is let past

    event.listen(hurried.database.engine, "after_cursor_execute", dawdle)
    slow = Thread(target=hurried.doors.standing.refresh)
    slow.start()
    reading.wait(10)
    hurried.doors.lock_down("room", None, act())
    written.set()
    slow.join()
    assert [one.space for one in hurried.doors.standing.at(NOON)] == ["room"]
