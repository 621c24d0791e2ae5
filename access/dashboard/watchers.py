"""Who watches a stream, by name: a stream ends at once when whoever watches it loses their rights."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class Watchers:
    """The streams that are open. `send_away` may be called from any thread, the rest on the event loop."""

    def __init__(self) -> None:
        self._streams: defaultdict[str, set[asyncio.Future[None]]] = defaultdict(set)

    @contextmanager
    def watching(self, name: str, stream: asyncio.Future[None]) -> Iterator[None]:
        """Keep that `name` follows `stream` while the block runs."""
        self._streams[name].add(stream)
        try:
            yield
        finally:
            self._streams[name].discard(stream)
            if not self._streams[name]:
                del self._streams[name]

    def send_away(self, name: str) -> None:
        """End every stream that `name` follows."""
        for stream in tuple(self._streams.get(name, ())):
            stream.get_loop().call_soon_threadsafe(stream.cancel)
