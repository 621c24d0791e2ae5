"""`totem run`: the server, its authorizer and the emulated KM0 in one process; with --simulate a stretch lived fast."""

import argparse
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall_time
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

import policies
from access.errors import Invalid, SettingsError
from policies.errors import PolicyError
from readers.errors import JournalError

SUMMARY = "Run everything in one process: server, emulated doors, and the people of KM0."

FIRST_DAY = date(2026, 9, 15)
"""A Tuesday in term, with nothing special about it."""

LIVE_FROM = timedelta(hours=9, minutes=20)
DAY_BEGINS = timedelta(hours=4)
"""A building's day turns when hardly anybody is about."""

_A_MOMENT = timedelta(seconds=1)
_SHIPPED = Path(policies.__file__).parent / "km0"
_FROM = "where building time starts, or 'now' (default 2026-09-15T09:20, simulated from 04:00)"
_FASTEST = 1000
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--port", type=_port, default=8000, help="where the pages are served (default 8000)")
    parser.add_argument("--data", type=Path, help="where state is kept (default: nowhere, gone at the end)")
    parser.add_argument(
        "--speed", type=_speed, default=1.0, help="building seconds in a second of the wall (default 1)"
    )
    parser.add_argument(
        "--people", type=_count, help="how many people live here (default: as many as at KM0)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of people and their days (default 0)")
    parser.add_argument("--no-people", action="store_true", help="leave the building to whoever taps")
    parser.add_argument(
        "--simulate",
        type=_duration,
        metavar="DURATION",
        help="live that long (30m, 6h, 1d) at full speed, print the account and exit",
    )
    parser.add_argument("--from", dest="start", type=_time, metavar="TIME", help=_FROM)
    parser.add_argument(
        "--policy", type=Path, default=_SHIPPED, help="the building's directory (default: KM0)"
    )
    parser.add_argument("--json", action="store_true", help="print the account of a simulation as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Simulate, or serve until interrupted."""
    from access.log import configure

    configure("text", "WARNING")
    try:
        with _data(arguments.data) as data:
            return _simulate(arguments, data) if arguments.simulate else _live(arguments, data)
    except (JournalError, PolicyError) as error:
        raise SettingsError(str(error)) from error


def _simulate(arguments: argparse.Namespace, data: Path) -> int:
    from access.site.emulated import EmulatedSettings, lived_until
    from access.site.simulate import simulate

    settings = EmulatedSettings(arguments.policy, data, _people(arguments), arguments.seed)
    start = _start(arguments.start, arguments.policy, DAY_BEGINS)
    if (lived := lived_until(settings)) is not None and lived >= start:
        raise Invalid(f"--data {data}: it has events until {lived.isoformat()}; expected a later --from")
    summary = simulate(settings, start, arguments.simulate)
    if arguments.json:
        sys.stdout.write(msgspec.json.encode(summary).decode() + "\n")
    else:
        print(summary)
    return 0


def _live(arguments: argparse.Namespace, data: Path) -> int:
    from access.site.emulated import EmulatedSettings, lived_until
    from access.site.http import listen
    from access.site.live import Welcome, run_live

    settings = EmulatedSettings(arguments.policy, data, _people(arguments), arguments.seed)
    live_from = _start(arguments.start, arguments.policy, LIVE_FROM)
    morning = _morning_before(live_from, arguments.policy)
    if (lived := lived_until(settings)) is not None and lived >= morning:
        morning = live_from = max(live_from, lived + _A_MOMENT)  # building time never goes back

    def say(welcome: Welcome) -> None:
        print(_greeting(arguments.port, welcome.password, welcome.key), flush=True)

    with listen("127.0.0.1", arguments.port) as listener:
        run_live(settings, morning, live_from, arguments.speed, listener, say)
    return 0


@contextmanager
def _data(chosen: Path | None) -> Iterator[Path]:
    if chosen is not None:
        try:
            chosen.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(f"--data {chosen}: cannot be made a folder: {error.strerror}") from error
        yield chosen
        return
    with tempfile.TemporaryDirectory(prefix="totem-") as directory:
        yield Path(directory)


def _people(arguments: argparse.Namespace) -> int | None:
    return 0 if arguments.no_people else arguments.people


def _start(chosen: datetime | None, policy: Path, time_of_day: timedelta) -> datetime:
    """Return the instant where building time starts: local time of the building where no offset was given."""
    from policies.loader import load

    timezone = ZoneInfo(load(policy).policy.calendar.timezone)
    if chosen is None:
        wall = datetime.combine(FIRST_DAY, wall_time(), timezone) + time_of_day
        return wall.astimezone(UTC)
    return (chosen if chosen.tzinfo else chosen.replace(tzinfo=timezone)).astimezone(UTC)


def _morning_before(at: datetime, policy: Path) -> datetime:
    """Return when the building day of `at` began."""
    from policies.loader import load

    timezone = ZoneInfo(load(policy).policy.calendar.timezone)
    day = (at.astimezone(timezone) - DAY_BEGINS).date()
    return (datetime.combine(day, wall_time(), timezone) + DAY_BEGINS).astimezone(UTC)


def _greeting(port: int, password: str | None, key: str) -> str:
    address = f"http://127.0.0.1:{port}"
    sign_in = f"sign in as admin with the one-time password {password}" if password else "sign in as before"
    return f"""
Totem: KM0 in emulation (fictional), live at  {address}
{sign_in}

Try: enrol somebody, give them a badge, and tap it at an emulated reader.
  KEY={key}
  curl -sw '\\n' {address}/v1/people -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \\
    -d '{{"id": "grace", "name": "Grace", "type": "staff", "tiers": ["staff"]}}'
  curl -sw '\\n' {address}/v1/badges -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \\
    -d '{{"id": "04b1b2c3d4e5f6", "kind": "uid", "person": "grace"}}'
  curl -sw '\\n' {address}/emulation/tap -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \\
    -d '{{"reader": "agora-in", "badge": "04b1b2c3d4e5f6"}}'

The key may do everything here, for a day: docs/administration.md has ten tasks to try with it;
docs/controllers.md connects a door controller of another make.
The API, once signed in: {address}/docs    Stop: Ctrl-C
"""


def _time(text: str) -> datetime:
    """Return a time, without an offset where the text has none: then it is the building's."""
    if text == "now":
        return datetime.now(UTC)
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text}: expected a time such as 2026-09-15T09:20, or 'now'"
        ) from error


def _duration(text: str) -> timedelta:
    found = re.fullmatch(r"(\d+)([smhd])", text)
    if found is None or int(found[1]) == 0:
        raise argparse.ArgumentTypeError(f"{text}: expected a duration such as 30m, 6h or 1d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 2**16:
        raise argparse.ArgumentTypeError(f"{text}: expected a port, 1 to 65535")
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0
    if not 0 < speed <= _FASTEST:
        raise argparse.ArgumentTypeError(f"{text}: expected a number above 0, up to {_FASTEST}")
    return speed


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text}: expected 0 or more")
    return int(text)
