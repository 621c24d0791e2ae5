"""Salts: the commitments' sole protection, so none is given twice, not even by a process and its child."""

import multiprocessing

from readers.journal.salts import fresh_salt


def test_no_salt_is_given_twice_and_each_has_128_bits():
    given = [fresh_salt() for _ in range(2_000)]
    assert len(set(given)) == len(given)
    assert {len(bytes.fromhex(salt)) for salt in given} == {16}


def test_a_forked_child_gives_none_that_its_parent_gives():
    fresh_salt()
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    child = context.Process(target=lambda: there.send([fresh_salt() for _ in range(100)]))
    child.start()
    assert here.poll(10)
    theirs = set(here.recv())
    child.join(10)
    assert (child.exitcode, len(theirs)) == (0, 100)
    assert theirs.isdisjoint(fresh_salt() for _ in range(400))
