"""A mill in TOML, for real programs to run: a room for one behind two doors, which no two may ever be given at once.

Ada, Bob and Cyd have a badge each (`chip-ada` …) and may go everywhere at any time.
"""

from datetime import UTC, datetime
from pathlib import Path

BUILDING = """\
[site]
id = "mill"

[[space]]
id = "outside"
name = { fr = "Dehors", en = "Outside" }
kind = "outside"

[[space]]
id = "hall"
name = { fr = "Hall", en = "Hall" }

[[space]]
id = "room"
name = { fr = "Salle", en = "Room" }
capacity = 1
enforced = true

[[door]]
id = "front"
name = { fr = "Entrée", en = "Front door" }
outer = "outside"
inner = "hall"
entry_reader = "front-in"
exit_reader = "front-out"

[[door]]
id = "room"
name = { fr = "Salle", en = "Room" }
outer = "hall"
inner = "room"
entry_reader = "room-in"
exit_reader = "room-out"

[[door]]
id = "side"
name = { fr = "Côté", en = "Side" }
outer = "hall"
inner = "room"
entry_reader = "side-in"
exit_reader = "side-out"
"""
POLICY = """\
[[tier]]
id = "staff"

[[permit]]
id = "staff-everywhere"
tiers = ["staff"]
spaces = ["hall", "room"]
"""
CALENDAR = """\
[calendar]
timezone = "Europe/Paris"
country = "FR"
subdivision = "6AE"
first_year = 2020
last_year = 2045
"""
PEOPLE = ("ada", "bob", "cyd")
DOORS = ("front", "room", "side")


def write(directory: Path) -> Path:
    """Write the files and return their folder."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in (("building", BUILDING), ("policy", POLICY), ("calendar", CALENDAR)):
        (directory / f"{name}.toml").write_text(text, "utf-8")
    return directory


def enrol(services, names=PEOPLE):
    """Let people in, each with a badge; return a key that may ask at all doors."""
    from access.services.badges import BadgeRecord
    from access.services.people import PersonRecord
    from policies.ids import BadgeId, PersonId, TierId
    from policies.roster import BadgeKind, ResidentType

    at, staff = datetime.now(UTC), (TierId("staff"),)
    people = [PersonRecord(PersonId(name), ResidentType.STAFF, tiers=staff, name=name) for name in names]
    services.people.add(people, "test", at)
    badges = [BadgeRecord(BadgeId(f"chip-{name}"), BadgeKind.DESFIRE, PersonId(name)) for name in names]
    services.badges.add(badges, "test", at)
    return services.keys.create("test", tuple(f"reader:{door}" for door in DOORS), "test", at)
