"""The log: a constant event name with fields, one line each, as text or JSON. The journal is not the log.

Never a key, a password, a whole card id or a person's name at INFO or above.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Literal, TextIO

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}


def configure(
    form: Literal["json", "text"] = "text", level: str = "INFO", stream: TextIO | None = None
) -> None:
    """Send every log line of the process to `stream` (stderr), and to nothing else."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_JsonLines() if form == "json" else _TextLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("alembic.runtime.migration").addFilter(_tells_of_a_migration)
    logging.getLogger("uvicorn.error").addFilter(_tells_of_this_program)


def _tells_of_a_migration(record: logging.LogRecord) -> bool:
    """Return whether a line is more than that the schema was looked at, as `/readyz` does each time."""
    return record.msg.startswith("Running") if isinstance(record.msg, str) else True


def _tells_of_this_program(record: logging.LogRecord) -> bool:
    """Return whether a line is more than that a stranger sent nonsense: a thousand a second would fill the disk."""
    return record.msg != "Invalid HTTP request received."


class Lasting:
    """A fault that goes on, told once: when it begins, when it becomes another, and when it is over.

    Whoever tries four times a second would else hide, in an hour's outage, what led to it.
    """

    def __init__(self, log: logging.Logger, event: str, over: str, level: int = logging.WARNING) -> None:
        self._log, self._event, self._over, self._level = log, event, over, level
        self._fault: str | None = None

    def note(self, fault: str | None) -> None:
        """Take note of how the last try ended: with a fault, or well."""
        if fault == self._fault:
            return
        self._fault = fault
        if fault is None:
            self._log.warning(self._over)
        else:
            self._log.log(self._level, self._event, extra={"fault": fault})


def _fields(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": _time(record),
            "level": record.levelname,
            "room": record.name,
            "event": record.getMessage(),
        }
        if record.exc_info:
            line["fault"] = self.formatException(record.exc_info)
        return json.dumps(line | _fields(record), default=str, ensure_ascii=False)


class _TextLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = "".join(f" {name}={_quoted(value)}" for name, value in _fields(record).items())
        line = f"{_time(record)} {record.levelname} {record.name} {record.getMessage()}{fields}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _quoted(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if not text or set(text) & set(' "\n\t=') else text
