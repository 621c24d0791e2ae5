"""The benches that `totem bench` offers are those that there are."""

import re
from pathlib import Path

import pytest

import access.bench
from access.cli import main
from access.cli.bench import BENCHES

ROOT = Path(access.bench.__path__[0])


def offers_run(module: Path) -> bool:
    """Return whether a module, or the front of a package, has `run` to call; read, as importing all takes seconds."""
    text = (module / "__init__.py" if module.is_dir() else module).read_text()
    return re.search(r"^def run\(|^from .* import run$", text, flags=re.MULTILINE) is not None


def test_every_bench_is_offered_and_nothing_else():
    modules = [path for path in ROOT.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]
    assert sorted(module.stem for module in modules if offers_run(module)) == sorted(BENCHES)


def test_the_help_has_a_line_for_every_bench(capsys):
    with pytest.raises(SystemExit):
        main(["bench", "--help"])
    told = capsys.readouterr().out
    assert [line.split()[0] for line in told.partition("benches:\n")[2].splitlines()] == list(BENCHES)


def test_what_is_no_bench_is_wrong_use(capsys):
    with pytest.raises(SystemExit) as refusal:
        main(["bench", "everybody"])
    assert refusal.value.code == 2
    assert "'everybody'" in capsys.readouterr().err
