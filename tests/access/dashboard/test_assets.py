"""Vendored files are the published ones; pages and scripts keep to the content security policy."""

import hashlib
import re
from importlib.resources import files

from access.dashboard.assets import read_assets

STATIC = files("access.dashboard").joinpath("static")
VENDOR = STATIC.joinpath("vendor")
TEMPLATES = files("access.dashboard").joinpath("templates")


def test_every_vendored_file_has_the_checksum_that_is_written_down():
    lines = VENDOR.joinpath("checksums").read_text().splitlines()
    listed = {name: digest for digest, name in (line.split() for line in lines)}
    present = {path.name for path in VENDOR.iterdir()} - {"checksums", "README.md"}
    assert set(listed) == present
    for name, digest in listed.items():
        assert hashlib.sha256(VENDOR.joinpath(name).read_bytes()).hexdigest() == digest, name


def test_every_vendored_script_has_its_licence_beside_it_and_its_line_in_the_readme():
    readme = VENDOR.joinpath("README.md").read_text()
    for script in (path.name for path in VENDOR.iterdir() if path.name.endswith(".js")):
        licence = script.removesuffix(".js").removesuffix(".min") + ".LICENSE"
        assert VENDOR.joinpath(licence).is_file()
        assert f"`{script}`" in readme


def test_no_template_has_an_inline_script_style_or_handler_or_another_host():
    for path in TEMPLATES.iterdir():
        text = path.read_text()
        assert not re.search(r"<script(?![^>]* src=)", text), path.name
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text), path.name
        assert not re.search(r"https?://(?!www\.w3\.org)", text), path.name


def test_our_own_script_and_style_load_nothing():
    assets = read_assets()
    for name in ("totem.js", "totem.css"):
        text = assets[name].body.decode()
        assert not re.search(r"https?://|@import|url\(|eval\(|innerHTML|fetch\(|setInterval", text), name


def test_every_part_of_the_stylesheet_is_in_it_and_dresses_something_that_is_on_a_page():
    sheet = read_assets()["totem.css"].body.decode()
    for part in STATIC.joinpath("styles").iterdir():
        assert part.read_text() in sheet, part.name
    pages = [path.read_text() for path in TEMPLATES.iterdir()] + [STATIC.joinpath("totem.js").read_text()]
    pages += [path.read_text() for path in files("access.dashboard").iterdir() if path.name.endswith(".py")]
    mentioned = set(re.findall(r"[A-Za-z][\w-]*", "\n".join(pages)))
    rules = re.findall(r"([^{}]+)\{", re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL))
    dressed = set(re.findall(r"[.#]([A-Za-z][\w-]*)", "".join(rules)))
    numbered = re.compile(r"(depth|fill|step)-[0-9]")
    assert {name for name in dressed if not numbered.fullmatch(name)} <= mentioned
