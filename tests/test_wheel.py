"""What ships: one wheel of exactly four packages, and a door computer that never loads the server."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = {"access", "emulators", "policies", "readers"}
SERVER_ONLY = {"fastapi", "starlette", "sqlalchemy", "alembic", "jinja2", "uvicorn"}

IMPORT_THE_EDGE = """
import importlib, json, pkgutil, sys
import policies, readers
names = []
for package in (policies, readers):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
        names.append(module.name)
print(json.dumps({"edge": names, "loaded": sorted({name.partition(".")[0] for name in sys.modules})}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return zipfile.ZipFile(built)


@pytest.mark.xdist_group("wheel")
def test_the_wheel_holds_exactly_the_four_packages(wheel: zipfile.ZipFile) -> None:
    top_level = {name.partition("/")[0] for name in wheel.namelist()}
    assert {name for name in top_level if not name.endswith(".dist-info")} == PACKAGES


@pytest.mark.xdist_group("wheel")
def test_every_file_that_git_tracks_in_a_package_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "--", *sorted(PACKAGES)], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    assert tracked
    assert set(tracked) <= set(wheel.namelist())


@pytest.mark.xdist_group("wheel")
def test_the_wheel_installs_the_totem_command(wheel: zipfile.ZipFile) -> None:
    (entry_points,) = (name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert "totem = access.cli:main" in wheel.read(entry_points).decode()


def test_importing_the_whole_edge_loads_no_part_of_the_server() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_THE_EDGE], cwd=ROOT, check=True, capture_output=True, text=True
    )
    seen = json.loads(done.stdout)
    assert "readers.ports" in seen["edge"]
    assert SERVER_ONLY.isdisjoint(seen["loaded"])
    assert {"access", "emulators"}.isdisjoint(seen["loaded"])


def test_the_door_computers_lock_file_names_no_part_of_the_server() -> None:
    lock = (ROOT / "requirements" / "edge.txt").read_text()
    locked = set(re.findall(r"^([a-z0-9-]+)==", lock, flags=re.MULTILINE))
    assert {"msgspec", "cryptography", "aiomqtt"} <= locked
    assert SERVER_ONLY.isdisjoint(locked)


def pins_of(name: str) -> set[str]:
    return set(re.findall(r"^\S+==\S+", (ROOT / "requirements" / name).read_text(), flags=re.MULTILINE))


@pytest.mark.parametrize(
    ("extra", "library"),
    [
        ("edge", "msgspec"),
        ("pcsc", "pyscard"),
        ("nfc", "nfcpy"),
        ("osdp", "libosdp"),
        ("gpio", "gpiod"),
        ("pkcs11", "python-pkcs11"),
    ],
)
def test_a_door_computer_s_lock_files_have_the_library_and_the_build_at_the_tested_versions(
    extra: str, library: str
) -> None:
    pins = pins_of(f"{extra}.txt")
    assert {library, "hatchling", *EDGE} <= {pin.partition("==")[0] for pin in pins}
    assert pins <= pins_of("all.txt")


EDGE = ("msgspec", "cryptography", "aiomqtt")


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "requirements").glob("*.txt")))
def test_a_lock_file_pins_every_package_by_hash_and_names_no_index(name: str) -> None:
    lock = (ROOT / "requirements" / name).read_text()
    pins = re.findall(
        r"^[a-z0-9-]+==\S+.*\\\n(?:    --hash=sha256:[0-9a-f]{64}.*\n)+", lock, flags=re.MULTILINE
    )
    assert len(pins) == len(re.findall(r"^\S+==", lock, flags=re.MULTILINE)) > 0
    assert "://" not in lock
    assert "--index" not in lock
