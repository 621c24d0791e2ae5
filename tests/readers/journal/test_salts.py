"""Salts: the commitments' sole protection, so none is given twice, not even by a process and its child."""

import os

from readers.journal.salts import fresh_salt


def test_no_salt_is_given_twice_and_each_has_128_bits():
    given = [fresh_salt() for _ in range(2_000)]
    assert len(set(given)) == len(given)
    assert {len(bytes.fromhex(salt)) for salt in given} == {16}


def test_a_forked_child_gives_none_that_its_parent_gives():
    fresh_salt()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, " ".join(fresh_salt() for _ in range(100)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = set(os.read(reading, 65_536).decode().split())
    os.close(reading)
    os.close(writing)
    assert len(theirs) == 100
    assert theirs.isdisjoint(fresh_salt() for _ in range(400))
