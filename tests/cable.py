"""A network cable between a client and a broker, on the loopback: it can be pulled, and plugged in again."""

import asyncio


class Cable:
    """Carries TCP from a port of its own to `target_port`, until it is pulled. `port` is valid once plugged in."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._server: asyncio.Server | None = None
        self._ends: list[asyncio.StreamWriter] = []
        self._carriers: set[asyncio.Task[None]] = set()
        self.port = 0

    async def plug_in(self) -> None:
        self._server = await asyncio.start_server(self._join, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def pull(self) -> None:
        """Break every connection without a goodbye, and refuse new ones."""
        if self._server is not None:
            self._server.close()
            for end in self._ends:
                end.transport.abort()
            for carrier in self._carriers:
                carrier.cancel()
            await asyncio.gather(*self._carriers, return_exceptions=True)
            await self._server.wait_closed()
        self._server, self._ends = None, []

    async def _join(self, near: asyncio.StreamReader, near_end: asyncio.StreamWriter) -> None:
        far, far_end = await asyncio.open_connection("127.0.0.1", self._target_port)
        self._ends += [near_end, far_end]
        for source, target in ((near, far_end), (far, near_end)):
            carrier = asyncio.create_task(_carry(source, target))
            self._carriers.add(carrier)
            carrier.add_done_callback(self._carriers.discard)


async def _carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    except ConnectionError:
        pass
    target.transport.abort()
