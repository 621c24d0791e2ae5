"""The log: one line an event, its fields beside it."""

import io
import json
import logging

from access.log import configure


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
