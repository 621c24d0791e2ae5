"""A connection that is asked to speak another protocol goes on in its own, as HTTP lets a server do (RFC 9110, 7.8).

Java's client proposes HTTP/2 with its first request, whose body would be lost: the parser takes what follows such a
head for the other protocol. So the head is read again, without the proposal.
"""

import sys

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class OneProtocol(HttpToolsProtocol):
    """uvicorn's connection, deaf to `Upgrade`."""

    _is_proposing = False
    _fed = _unread = b""

    def data_received(self, data: bytes) -> None:
        self._unread = data
        while self._unread:
            self._fed, self._unread = self._unread, b""
            super().data_received(self._fed)

    def on_headers_complete(self) -> None:
        self._is_proposing = self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"
        if not self._is_proposing:
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        if not self._is_proposing:
            super().on_message_complete()

    def _unsupported_upgrade_warning(self) -> None:
        """Begin again behind the head; the base calls this while it handles the parser's word of where that ends."""
        word = sys.exception()
        if self._is_proposing and word is not None:
            self._unread = self._head_without_proposal() + self._fed[word.args[0] :]
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as the base has it

    def _head_without_proposal(self) -> bytes:
        version = self.parser.get_http_version().encode()
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, version)]
        lines += [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
        return b"\r\n".join(lines) + b"\r\n\r\n"
