"""`totem journal verify`, as it is typed."""

import json

import pytest

from access.cli import main
from tests.readers.journal.samples import opened, tap


@pytest.fixture
def file(tmp_path):
    journal = opened(tmp_path)
    for number in range(3):
        journal.append(tap(number))
    journal.close()
    (path,) = tmp_path.glob("*.journal")
    return path


def test_a_whole_journal_is_said_to_be_whole(file, capsys):
    assert main(["journal", "verify", str(file)]) == 0
    assert capsys.readouterr().out == (
        f"{file}: whole, 3 records of edge-1 epoch {file.stem}, "
        "2026-09-15T06:00:00+00:00 to 2026-09-15T06:00:02+00:00\n"
    )


def test_damage_is_told_with_its_line_and_fails(file, capsys):
    file.write_bytes(file.read_bytes().replace(b'"seq":2', b'"seq":3'))
    assert main(["journal", "verify", str(file)]) == 1
    assert capsys.readouterr().out.startswith(f"{file}:2: expected a whole record, found event edge-1:")


def test_the_result_is_one_json_object(file, capsys):
    file.write_bytes(file.read_bytes()[:-5])
    assert main(["journal", "verify", str(file), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["records"], told["source"], told["fault"]["line"], told["fault"]["is_torn"]) == (
        2,
        "edge-1",
        3,
        True,
    )


def test_a_file_that_is_not_there_is_told(tmp_path, capsys):
    assert main(["journal", "verify", str(tmp_path / "none.journal")]) == 1
    assert "none.journal: cannot be read" in capsys.readouterr().err
