"""The log: one line an event, its fields beside it."""

import io
import json
import logging

from access.log import Lasting, configure


def test_a_line_of_json_has_the_event_and_its_fields():
    stream = io.StringIO()
    configure("json", "INFO", stream)
    logging.getLogger("access.test").info("door-opened", extra={"door": "front", "n": 3})
    logging.getLogger("access.test").debug("not-shown")
    (line,) = stream.getvalue().splitlines()
    read = json.loads(line)
    assert (read["event"], read["level"], read["door"], read["n"]) == ("door-opened", "INFO", "front", 3)


def test_a_line_of_text_quotes_what_would_break_it():
    stream = io.StringIO()
    configure("text", "INFO", stream)
    logging.getLogger("access.test").warning("bus-down", extra={"fault": "no route\nto host"})
    (line,) = stream.getvalue().splitlines()
    assert line.endswith('WARNING access.test bus-down fault="no route\\nto host"')


def test_a_fault_that_goes_on_is_told_when_it_begins_when_it_changes_and_when_it_is_over():
    stream = io.StringIO()
    configure("json", "INFO", stream)
    away = Lasting(logging.getLogger("access.test"), "store-away", "store-back", logging.ERROR)
    for fault in (None, "Refused", "Refused", "TimedOut", None, None, "Refused"):
        away.note(fault)
    lines = map(json.loads, stream.getvalue().splitlines())
    assert [(line["event"], line["level"], line.get("fault")) for line in lines] == [
        ("store-away", "ERROR", "Refused"),
        ("store-away", "ERROR", "TimedOut"),
        ("store-back", "WARNING", None),
        ("store-away", "ERROR", "Refused"),
    ]


def test_a_look_at_the_schema_is_not_logged_and_a_change_of_it_is(services):
    stream = io.StringIO()
    configure("json", "INFO", stream)
    assert services.is_ready()
    logging.getLogger("alembic.runtime.migration").info("Running upgrade %s -> %s", "1", "2")
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["event"] == "Running upgrade 1 -> 2"
