"""Small areas: where counts stand in their box, what is unknown, and what is too little to be a mountain."""

import pytest

from access.dashboard.charts import spark


@pytest.mark.parametrize(
    ("counts", "capacity", "path"),
    [
        ([0, 5, 10], None, "M0 100L0 100L50 50L100 0L100 100Z"),
        ([0, 5, 10], 80, "M0 100L0 100L50 75L100 50L100 100Z"),
        ([-1, 4, 4], None, "M50 100L50 0L100 0L100 100Z"),
        ([0, 0], None, "M0 100L0 100L100 100L100 100Z"),
        ([-1, 7], 10, ""),
        ([], None, ""),
    ],
)
def test_an_area_fills_its_box_up_to_its_most_or_a_quarter_of_the_capacity(counts, capacity, path):
    assert spark(counts, capacity) == path
