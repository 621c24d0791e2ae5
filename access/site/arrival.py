"""uvicorn's connection, telling the application when a request was read off its line.

A deadline counts from there: what waits in the loop until its turn is late all the same.
"""

from time import monotonic

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from access.api.taps import ARRIVED


class StampedConnection(HttpToolsProtocol):
    """Puts the time of arrival into each request's scope."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope[ARRIVED] = monotonic()  # type: ignore[literal-required]  # servers may add keys of their own
