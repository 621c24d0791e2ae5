"""uvicorn's connection, telling the application when a request was read off its line.

A deadline counts from there: what waits in the loop until its turn is late all the same.
"""

from time import monotonic

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from access.api.taps import ARRIVED, WHOLE


class StampedConnection(HttpToolsProtocol):
    """Puts into each request's scope when it arrived, and whether all of it is there."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope[ARRIVED] = monotonic()  # type: ignore[literal-required]  # servers may add keys of their own

    def on_message_complete(self) -> None:
        self.scope[WHOLE] = True  # type: ignore[literal-required]  # as above
        super().on_message_complete()
