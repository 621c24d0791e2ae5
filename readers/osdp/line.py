"""A serial line without blocking: RS-485 behind a USB adapter or a port of the board, or a pseudo-terminal.

It has the three methods that libosdp asks of a channel. libosdp must get no exception from them, so a fault is kept
in `fault`, and the line says nothing more.
"""

import errno
import fcntl
import os
import select
import termios
import tty

from readers.errors import TransportDown

BAUD_RATES = {
    9600: termios.B9600,
    19200: termios.B19200,
    38400: termios.B38400,
    57600: termios.B57600,
    115200: termios.B115200,
    230400: termios.B230400,
}
"""The rates that OSDP 2.2 names; 9600 is what most peripherals come with."""

_SPEED_IN, _SPEED_OUT = 4, 5
_AGAIN = frozenset({errno.EAGAIN, errno.EINTR})


class SerialLine:
    """The line at a device's path, opened for this process alone. Raise `TransportDown` where it cannot be."""

    def __init__(self, path: str, baud: int) -> None:
        self.fault: OSError | None = None
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError as fault:
            raise TransportDown(f"serial line {path}: {fault.strerror}") from fault
        try:
            fcntl.ioctl(self._fd, termios.TIOCEXCL)
            tty.setraw(self._fd)
            attributes = termios.tcgetattr(self._fd)
            attributes[_SPEED_IN] = attributes[_SPEED_OUT] = BAUD_RATES[baud]
            termios.tcsetattr(self._fd, termios.TCSANOW, attributes)
        except (OSError, termios.error) as fault:
            os.close(self._fd)
            raise TransportDown(f"serial line {path}: {fault}") from fault

    def read(self, most: int) -> bytes:
        """Return what has come, perhaps nothing."""
        try:
            return os.read(self._fd, most) if self.fault is None else b""
        except OSError as fault:
            self._note(fault)
            return b""

    def write(self, data: bytes) -> int:
        """Send what fits; return how much that was."""
        try:
            return os.write(self._fd, data) if self.fault is None else 0
        except OSError as fault:
            self._note(fault)
            return 0

    def flush(self) -> None:
        """Forget what has come and was not read."""
        try:
            termios.tcflush(self._fd, termios.TCIFLUSH)
        except termios.error as fault:
            self._note(OSError(*fault.args))

    def wait(self, other: int, seconds: float) -> bool:
        """Return when bytes have come, or anything at `other`, or after `seconds`; say whether it was `other`."""
        return other in select.select((self._fd, other), (), (), seconds)[0]

    def close(self) -> None:
        os.close(self._fd)

    def _note(self, fault: OSError) -> None:
        if fault.errno not in _AGAIN:
            self.fault = fault
