"""The whole site in one process: server, bus in memory, emulated door computers, devices and people.

The same daemons, journals, bus, ingest and store as apart; only what a hand would touch is emulated. It lives on a
`BuildingLoop`: as fast as it can, or at the wall's pace, as its owner says.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from access.authorize.authorizer import AUTHORIZER
from access.bus.memory import MemoryBus
from access.services import Services, open_services
from access.services.badges import BadgeRecord
from access.services.examination import files_of
from access.services.intake import Intake
from access.services.listing import Listing
from access.services.organisations import OrganisationRecord
from access.services.people import PersonRecord
from access.site.edge import Edge
from access.site.pace import Pace
from emulators.building import EmulatedBuilding, hosts
from emulators.people import EmulatedPeople, Resident, population
from policies.ids import OrganisationId
from policies.loader import load
from policies.roster import Badge, Person
from readers.ports import Clock

_ACTOR = "emulation"
_DATABASE = "totem.db"
_DRAIN_LOOK_S = 1.0


class EmulatedSettings(msgspec.Struct, frozen=True):
    """What to emulate: the building's directory, where to keep state, how many people and their seed."""

    policy: Path
    data: Path
    people: int | None = None
    seed: int = 0


class EmulatedSite:
    """One site, put together and ready to run."""

    def __init__(
        self, settings: EmulatedSettings, clock: Clock, pace: Pace, *, keeps_history: bool = True
    ) -> None:
        self.clock = clock
        self._pace, self._keeps_history = pace, keeps_history
        self.bus = MemoryBus()
        self.services = _open(settings, keeps_history=keeps_history)
        building, policy = self.services.building, self.services.policy
        self.residents = _residents(self.services, settings, clock)
        self.devices = EmulatedBuilding(building, clock)
        self.people = EmulatedPeople(self.devices, self.residents, policy.calendar, clock, settings.seed)
        self.edges = tuple(
            Edge(
                source,
                doors,
                self.devices,
                self.bus,
                settings.data / "edges" / source,
                self.services.publisher.public_key,
                pace.until_told_s,
            )
            for source, doors in hosts(building).items()
        )
        self.intake = Intake(self.bus, self.services, clock, pace, gather_s=pace.until_stored_s)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run server and door computers; the people come when `live` is called."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self.intake.run(), name="intake")]
            if self._keeps_history:
                tasks.append(group.create_task(self._chronicle(), name="chronicle"))
            tasks += [group.create_task(edge.run(), name=f"edge {edge.source}") for edge in self.edges]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
        self.services.close()

    async def _chronicle(self) -> None:
        await self.services.chronicle.run(self.clock, self._pace)

    async def drained(self) -> None:
        """Return once the server has stored everything that the door computers kept."""
        while not all(edge.is_drained for edge in self.edges):
            await self.clock.sleep(_DRAIN_LOOK_S)


def lived_until(settings: EmulatedSettings) -> datetime | None:
    """Return the time of the newest event that is kept; None where nothing is."""
    if not (settings.data / _DATABASE).exists():
        return None
    services = _open(settings, keeps_history=False)
    services.close()
    return services.live.as_of


def _open(settings: EmulatedSettings, *, keeps_history: bool) -> Services:
    building, policy = load(settings.policy)
    store = f"sqlite:///{settings.data / _DATABASE}"
    scopes = hosts(building) | {AUTHORIZER: ()}
    key = settings.data / "site.key"
    files = files_of(settings.policy)
    return open_services(store, building, policy, scopes, key, keeps_history=keeps_history, files=files)


def _residents(services: Services, settings: EmulatedSettings, clock: Clock) -> tuple[Resident, ...]:
    """Return the people of the seed, enrolled in the store if it has nobody yet."""
    count = {} if settings.people is None else {"count": settings.people}
    residents = population(services.building, services.policy, seed=settings.seed, **count)
    if not services.people.page(listing=Listing(1)):
        _enrol(services, residents, clock)
    return residents


def _enrol(services: Services, residents: tuple[Resident, ...], clock: Clock) -> None:
    at = clock.now()
    named = sorted({resident.person.organisation for resident in residents} - {None}, key=str)
    organisations = [OrganisationRecord(id=OrganisationId(str(name)), name=str(name)) for name in named]
    services.organisations.add(organisations, _ACTOR, at)
    services.people.add([_person(resident) for resident in residents], _ACTOR, at)
    services.badges.add([_badge(badge) for resident in residents for badge in resident.badges], _ACTOR, at)


def _person(resident: Resident) -> PersonRecord:
    fields = {name: getattr(resident.person, name) for name in Person.__struct_fields__}
    return PersonRecord(**fields, name=resident.name)


def _badge(badge: Badge) -> BadgeRecord:
    return BadgeRecord(**{name: getattr(badge, name) for name in Badge.__struct_fields__})
