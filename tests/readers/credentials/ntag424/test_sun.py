"""SUN messages of NTAG 424 DNA, against the published figures."""

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.cmac import CMAC
from hypothesis import given
from hypothesis import strategies as st

from readers.credentials.ntag424 import sun
from readers.credentials.ntag424.message import SunMessage, lay_out, parse_message
from tests.readers.credentials.published import VECTORS, unhex

URL = "badge.example/t"


@pytest.mark.parametrize("name", ["sdm-picc-only", "sdm-enc-file"])
def test_the_published_message_is_opened_and_its_mac_made(name):
    vector = VECTORS[name]
    mirror = sun.open_picc_data(unhex(vector["meta_read_key"]), unhex(vector["picc_data"]))
    assert mirror == sun.Mirror(unhex(vector["uid"]), vector["read_ctr"])
    key = unhex(vector["file_read_key"])
    assert sun.mac_key(key, mirror).hex() == vector["kses_mac"]
    assert sun.mac(key, mirror, vector["mac_input_ascii"].encode()).hex() == vector["sdmmac"]


def test_the_published_mac_over_a_plain_number_is_made():
    vector = VECTORS["sdm-plain-uid"]
    mirror = sun.Mirror(unhex(vector["uid"]), int(vector["read_ctr_be"], 16))
    assert sun.mac(unhex(vector["file_read_key"]), mirror, b"").hex() == vector["sdmmac"]


def test_what_a_tag_enciphers_of_its_file_opens_by_the_number_and_count_that_were_read():
    vector = VECTORS["sdm-enc-file"]
    mirror = sun.open_picc_data(unhex(vector["meta_read_key"]), unhex(vector["picc_data"]))
    assert mirror is not None
    session = CMAC(AES(unhex(vector["file_read_key"])))
    session.update(unhex("c33c00010080") + mirror.encode())  # AN12196, section 3.3: SV1
    key = session.finalize()
    counted = mirror.encode()[sun.UID :].ljust(16, b"\x00")
    first = Cipher(AES(key), CBC(bytes(16))).encryptor().update(counted)
    opening = Cipher(AES(key), CBC(first)).decryptor()
    assert opening.update(unhex(vector["enc_file"])) == vector["file_plain_ascii"].encode()


@given(st.binary(max_size=40), st.binary(min_size=16, max_size=16))
def test_whatever_is_no_picc_data_opens_to_nothing_or_a_number_of_seven_bytes(data, key):
    mirror = sun.open_picc_data(key, data)
    assert mirror is None or (len(data) == 16 and len(mirror.uid) == 7)


def test_a_laid_out_file_is_parsed_as_the_tag_completes_it():
    layout = lay_out(URL)
    content = bytearray(layout.content.ljust(256, b"\x00"))
    content[layout.picc_data : layout.picc_data + 32] = b"EF963FF7828658A599F3041510671E88"
    content[layout.mac : layout.mac + 16] = b"94EED9EE65337086"
    assert parse_message(URL, bytes(content)) == SunMessage(
        unhex("ef963ff7828658a599f3041510671e88"), unhex("94eed9ee65337086")
    )
    assert parse_message("other.example/t", bytes(content)) is None


@given(st.binary(max_size=300))
def test_whatever_stands_in_a_file_is_a_message_or_nothing(content):
    assert parse_message(URL, content) is None
    assert parse_message(URL, lay_out(URL).content[:-20] + content) is None or len(content) >= 16


@pytest.mark.parametrize("url", ["", "x" * 151])
def test_an_address_that_does_not_fit_is_refused(url):
    with pytest.raises(ValueError, match="expected 1 to 150"):
        lay_out(url)
