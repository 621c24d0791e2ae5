"""Every published vector is held against something."""

from pathlib import Path

import pytest

from tests.readers.credentials.published import VECTORS

_TESTS = {path: path.read_text() for path in Path(__file__).parents[1].rglob("test_*.py")}


@pytest.mark.parametrize("name", list(VECTORS))
def test_the_vector_is_used(name):
    assert any(f'"{name}"' in text for text in _TESTS.values())
