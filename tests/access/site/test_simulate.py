"""A stretch of time that could not be lived to its end is not summed up."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from access.site.emulated import EmulatedSettings
from access.site.simulate import simulate
from emulators.people import EmulatedPeople

KM0 = Path(__file__).parents[3] / "policies" / "km0"
START = datetime(2026, 9, 15, 6, tzinfo=UTC)


def test_a_simulation_whose_people_fail_tells_their_fault_and_no_numbers(tmp_path, monkeypatch):
    async def fail(_people):
        raise LookupError("there is no way home")

    monkeypatch.setattr(EmulatedPeople, "run", fail)
    with pytest.raises(ExceptionGroup) as told:
        simulate(EmulatedSettings(KM0, tmp_path, people=1), START, timedelta(minutes=1))
    assert told.group_contains(LookupError, match="there is no way home")
