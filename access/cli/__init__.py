"""The `totem` command: one file a command, imported only when it is called.

A command file has `SUMMARY`, `add_arguments(parser)` and `run(arguments) -> exit code`: 0 for success, 1 for a
finding or refusal, 2 for wrong use. Results go to stdout, everything else to stderr.
"""

import argparse
import errno
import importlib
import keyword
import os
import select
import signal
import sys
from collections.abc import Sequence
from types import ModuleType

from access.errors import TotemError

COMMANDS = (
    "run",
    "serve",
    "authorizer",
    "reader",
    "walk",
    "emulate",
    "badge",
    "keys",
    "db",
    "admin",
    "import",
    "policy",
    "journal",
    "events",
    "bench",
)

_OWN = frozenset({"access", "emulators", "readers", "policies"})

_OF_WRITING = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})
"""What stdout may say when it takes no more."""

FOUND_OR_REFUSED = 1
WRONG_USE = 2
READER_LEFT = 128 + signal.SIGPIPE
"""As of a program that a closed pipe ended, such as one whose output `head` had enough of."""


class WrongUse(TotemError):
    """The command was called with something that is not there; the message says what was expected."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    chosen = next((word for word in words if not word.startswith("-")), None)
    try:
        arguments = _parser(chosen).parse_args(words)
        code: int = _command(arguments.command).run(arguments)
        _flush()  # here, where a reader who has left is no fault
    except BrokenPipeError:
        if not _reader_left():
            raise
        return READER_LEFT
    except OSError as error:
        if error.errno not in _OF_WRITING or not _takes_no_more():
            raise
        print(f"totem {chosen}: stdout: {error.strerror}; the result is not complete", file=sys.stderr)
        return FOUND_OR_REFUSED
    except TotemError as error:
        print(f"totem {chosen}: {error}", file=sys.stderr)
        return WRONG_USE if isinstance(error, WrongUse) else FOUND_OR_REFUSED
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in _OWN:
            raise
        print(
            f"totem {chosen}: {error.name} is not installed; a door computer has no server", file=sys.stderr
        )
        return FOUND_OR_REFUSED
    except Exception as error:
        fault = _fault_of_the_store(error)
        if fault is None:
            raise
        print(f"totem {chosen}: the database: {fault}", file=sys.stderr)
        return FOUND_OR_REFUSED
    return code


def _fault_of_the_store(error: Exception) -> str | None:
    """Return what the database said where it is locked, full, away or damaged; None for any other error."""
    store = sys.modules.get("sqlalchemy.exc")  # a command without a database need not load it
    if store is None or type(error) not in {store.DatabaseError, store.OperationalError}:
        return None
    return str(getattr(error, "orig", error))


def _flush() -> None:
    if sys.stdout is None:  # it was closed when Python began
        raise TotemError("stdout is closed; expected somewhere to write the result to")
    sys.stdout.flush()


def _takes_no_more() -> bool:
    """Return whether stdout fails, as on a full disk; if so it goes nowhere from now on."""
    try:
        print(flush=True)  # a blank line, as what could not be written may be gone from the buffer
    except OSError:
        _silence()
        return True
    return False


def _reader_left() -> bool:
    """Return whether nobody reads stdout any more; if so it goes nowhere from now on, also when Python ends."""
    watch = select.poll()
    watch.register(sys.stdout.fileno(), 0)  # a pipe that nobody reads is an error that is always told
    if not watch.poll(0):
        return False
    _silence()
    return True


def _silence() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _command(name: str) -> ModuleType:
    """Return a command's file; one that Python keeps the name of has an underscore after it."""
    return importlib.import_module(f"access.cli.{name}{'_' if keyword.iskeyword(name) else ''}")


def _parser(chosen: str | None) -> argparse.ArgumentParser:
    """Return a parser that knows the chosen command, or else all of them by their summaries."""
    parser = argparse.ArgumentParser(
        prog="totem", description="Access control and occupancy for a shared building."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        if chosen == name or chosen not in COMMANDS:
            command = _command(name)
            own = commands.add_parser(name, help=command.SUMMARY, description=command.SUMMARY)
            if chosen == name:
                command.add_arguments(own)
    return parser
