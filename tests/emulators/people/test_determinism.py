"""The same seed lives the same day, byte for byte, in any process; another seed lives another."""

import os
import subprocess
import sys
from pathlib import Path

from tests.emulators.people.lived import morning

ROOT = Path(__file__).parents[3]


def morning_in_another_process(seed: int, hash_seed: int) -> str:
    told = subprocess.run(
        [sys.executable, "-m", "tests.emulators.people.lived", str(seed)],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout.strip()


def test_the_same_seed_gives_the_same_taps_in_any_process():
    here = morning(7).trace()
    assert morning_in_another_process(7, hash_seed=1) == here
    assert morning_in_another_process(7, hash_seed=2) == here


def test_another_seed_gives_another_day():
    assert morning(7).trace() != morning(8).trace()
