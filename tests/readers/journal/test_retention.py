"""Within a day a journal forgets whom the server knows of, and nothing that the server has not stored."""

import asyncio

from emulators.clock import LoopClock, run_virtually
from readers.journal import Durability, FileJournal, forget
from tests.readers.journal.samples import EDGE, START, tap


def after_a_day(folder, *, acknowledged: bool):
    """Return the journal's files a day after an event, and how many lines wait to be sent."""

    async def day():
        clock = LoopClock(asyncio.get_running_loop(), START)
        journal = FileJournal(folder, EDGE, clock.now, Durability.BUFFERED)
        journal.append(tap())
        if acknowledged:
            journal.acknowledge(*journal.position)
        forgetting = asyncio.create_task(forget(journal, clock))
        await clock.sleep(24 * 3600)
        forgetting.cancel()
        pending = len(journal.pending(10))
        journal.close()
        return [file.name for file in folder.glob("*.journal") if file.stat().st_size], pending

    return run_virtually(day())


def test_what_the_server_has_is_gone_within_a_day(tmp_path):
    assert after_a_day(tmp_path, acknowledged=True) == ([], 0)


def test_what_the_server_has_not_stays(tmp_path):
    files, pending = after_a_day(tmp_path, acknowledged=False)
    assert (len(files), pending) == (1, 1)
