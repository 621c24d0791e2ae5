"""Whoever writes waits in a queue: in the order they came, each alone, and whoever gives up holds nobody up."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import TimeoutError as WaitedTooLong

from access.store.turns import Turns

LONG_S, SHORT_S = 30.0, 0.02


def test_writers_take_their_turns_in_the_order_they_came():
    turns, served, came = Turns(LONG_S), [], threading.Semaphore(0)

    def write(number):
        came.release()
        with turns.turn():
            served.append(number)

    with ThreadPoolExecutor(8) as threads:
        with turns.turn():
            for number in range(8):
                threads.submit(write, number)
                came.acquire()
                while turns.length <= number:
                    pass
        threads.shutdown()
    assert served == list(range(8))


def test_nobody_writes_beside_another():
    turns, inside, most = Turns(LONG_S), [], []

    def write(number):
        for _ in range(50):
            with turns.turn():
                inside.append(number)
                most.append(len(inside))
                inside.remove(number)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(8)))
    assert (len(most), max(most)) == (400, 1)


def test_whoever_waits_too_long_is_told_so_and_the_next_still_has_a_turn():
    turns = Turns(SHORT_S)
    with turns.turn(), ThreadPoolExecutor(1) as threads, pytest.raises(WaitedTooLong, match=r"0\.02 s"):
        threads.submit(lambda: turns.turn().__enter__()).result()
    with turns.turn():
        pass


def test_a_turn_ends_also_where_its_work_fails():
    turns = Turns(SHORT_S)
    with pytest.raises(ZeroDivisionError), turns.turn():
        raise ZeroDivisionError
    with turns.turn():
        pass
