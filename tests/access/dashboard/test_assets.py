"""Vendored files are the published ones; pages and scripts keep to the content security policy."""

import hashlib
import re
from importlib.resources import files

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
    for name in ("totem.js", "totem.css"):
        text = STATIC.joinpath(name).read_text()
        assert not re.search(r"https?://|@import|url\(|eval\(|innerHTML|fetch\(|setInterval", text), name
