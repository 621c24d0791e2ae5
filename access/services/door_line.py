"""Commands on their way to the doors, over the connection that the intake holds.

With every connection, and from time to time, each door's register goes out anew: a broker that lost what it retained,
and a door that takes none older than three days, have it again.
"""

import asyncio
import logging
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from access.services.clock import Clock
from access.services.doors import ORDERS_LAST, Doors
from access.services.offload import Offload
from access.services.outbox import Outbox
from readers.wire.bus import Connection, Message

_log = logging.getLogger(__name__)

_AGAIN_S = ORDERS_LAST.total_seconds() / 6


class DoorLine:
    """One connection's worth of commands; what is told while there is no connection is not sent late."""

    def __init__(self, doors: Doors, outbox: Outbox[Message], clock: Clock, offload: Offload) -> None:
        self._doors, self._outbox, self._clock, self._offload = doors, outbox, clock, offload

    async def run(self, line: Connection) -> None:
        """Send until the connection breaks."""
        loop = asyncio.get_running_loop()
        waiting: asyncio.Queue[Message] = asyncio.Queue()

        def take(message: Message) -> None:
            loop.call_soon_threadsafe(waiting.put_nowait, message)

        stop_listening = self._outbox.listen(take)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._refresh(waiting), name="registers")
                while True:
                    await line.publish(await waiting.get())
        finally:
            stop_listening()

    async def _refresh(self, waiting: asyncio.Queue[Message]) -> None:
        while True:
            try:
                registers = await self._offload(partial(self._doors.registers, self._clock.now()))
            except SQLAlchemyError as error:
                _log.error("registers-not-sent", extra={"fault": type(error).__name__})
                registers = []
            for message in registers:
                waiting.put_nowait(message)
            await self._clock.sleep(_AGAIN_S)
