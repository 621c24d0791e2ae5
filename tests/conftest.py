"""What every test shares: Hypothesis runs the same examples on every machine and prints how to repeat one."""

import gc
import logging
import signal
import threading
from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("totem", deadline=None, print_blob=True)
settings.load_profile("totem")

# Shells start what runs in their background deaf to SIGINT, and programs pass that on: ours are ended by it.
signal.signal(signal.SIGINT, signal.default_int_handler)


# As Totem's programs do: what is loaded stays, and looking through it for garbage over and over finds none.
gc.set_threshold(20_000, 20, 50)


def pytest_collection_finish() -> None:
    """Put what the tests consist of beyond the garbage collector's reach."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put what takes long first, where workers share the tests."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(autouse=True)
def the_log_is_as_it_was() -> Iterator[None]:
    """Take away what a command set up: its log goes to the test's own stderr, which is closed with the test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


@pytest.fixture
def no_thread_is_left() -> Iterator[None]:
    """Fail where a thread is alive after the test that was not before it."""
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before
