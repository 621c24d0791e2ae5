"""A stretch of building time lived as fast as the machine goes, on one thread, with an account at its end."""

import asyncio
from datetime import datetime, timedelta

from access.site.emulated import EmulatedSettings, EmulatedSite
from access.site.pace import Pace
from access.site.summary import Summary, Tally
from emulators.clock import LoopClock, run_virtually


def simulate(settings: EmulatedSettings, start: datetime, duration: timedelta) -> Summary:
    """Live `duration` from `start` on; the same settings give the same account in any process, on any day."""
    return run_virtually(_live(settings, start, duration))


async def _live(settings: EmulatedSettings, start: datetime, duration: timedelta) -> Summary:
    clock = LoopClock(asyncio.get_running_loop(), start)
    site = EmulatedSite(settings, clock, Pace(clock), keeps_history=False)
    tally = Tally(site.services.building)
    site.services.news.listen(tally.take)
    async with site.running():
        async with asyncio.TaskGroup() as group:
            people = group.create_task(site.people.run(), name="people")
            await clock.sleep(duration.total_seconds())
            people.cancel()
        await site.drained()
    return tally.sum_up()
