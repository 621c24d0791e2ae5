"""The bench of a passage on its way to the page measures every passage once, to the piece that shows it."""

from access.bench.passage import passage_to_page


def test_every_passage_is_timed_until_its_piece_is_with_a_viewer():
    times = passage_to_page(4)
    assert len(times) == 4
    assert min(times) > 0
