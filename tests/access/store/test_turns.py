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
    turns, both = Turns(LONG_S), threading.Barrier(2)

    def meets_another(_number):
        with turns.turn():
            try:
                both.wait(0.1)
            except threading.BrokenBarrierError:
                return False
            return True

    with ThreadPoolExecutor(2) as threads:
        assert not any(threads.map(meets_another, range(2)))


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
