"""Block ciphers and paddings, against the published figures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.credentials.ciphers import Cipher, card_crc, pad, pad_zeros, rotate, subkeys, unpad
from readers.credentials.keys import diversify
from tests.readers.credentials.published import VECTORS, unhex

NIST = VECTORS["aes-cmac-nist"]


def test_cmac_has_the_subkeys_of_the_standard():
    cipher = Cipher.aes(unhex(NIST["key"]))
    first, second = subkeys(cipher.encrypt, 16)
    assert (first.hex(), second.hex()) == (NIST["subkey1"], NIST["subkey2"])


@pytest.mark.parametrize("case", NIST["cases"], ids=lambda case: f"{len(case['msg']) // 2} bytes")
def test_cmac_gives_the_macs_of_the_standard(case):
    assert Cipher.aes(unhex(NIST["key"])).cmac(unhex(case["msg"])).hex() == case["mac"]


def test_an10922_gives_the_published_key():
    vector = VECTORS["an10922-aes-1"]
    cipher = Cipher.aes(unhex(vector["master"]))
    first, second = subkeys(cipher.encrypt, 16)
    assert (first.hex(), second.hex()) == (vector["subkey1"], vector["subkey2"])
    assert vector["cmac_input"] == "01" + vector["m"]
    assert diversify(cipher.encrypt, unhex(vector["m"])).hex() == vector["derived"]


def test_a_short_identity_is_padded_to_two_blocks_and_so_is_not_its_plain_cmac():
    vector = VECTORS["an10922-plain16"]
    cipher, identity = Cipher.aes(unhex(vector["master"])), unhex(vector["m"])
    assert cipher.cmac(b"\x01" + identity).hex() == vector["derived_plain"], "what the trap gives"
    assert diversify(cipher.encrypt, identity).hex() != vector["derived_plain"]


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=31))
def test_an_identity_of_more_than_a_block_gives_its_plain_cmac(master, identity):
    cipher = Cipher.aes(master)
    assert diversify(cipher.encrypt, identity) == cipher.cmac(b"\x01" + identity)


@pytest.mark.parametrize("size", [0, 32])
def test_an_identity_of_no_or_too_many_bytes_is_refused(size):
    with pytest.raises(ValueError, match="expected 1 to 31"):
        diversify(Cipher.aes(bytes(16)).encrypt, bytes(size))


@given(st.binary(min_size=16, max_size=16), st.binary(max_size=31), st.binary(max_size=31))
def test_two_identities_never_have_one_key(master, one, other):
    encrypt = Cipher.aes(master).encrypt
    keys = {diversify(encrypt, identity) for identity in (one, other) if identity}
    assert len(keys) == len({one, other} - {b""})


@given(st.binary(max_size=40), st.sampled_from([8, 16]))
def test_a_padding_is_taken_off_again(data, block):
    assert unpad(pad(data, block)) == data
    assert len(pad(data, block)) % block == 0
    assert len(pad_zeros(data, block)) % block == 0


def test_what_was_not_padded_is_not_unpadded():
    assert unpad(bytes(16)) is None
    assert unpad(b"\x01" * 16) is None


def test_a_cipher_never_shows_its_key():
    key = bytes(range(16))
    said = repr(Cipher.aes(key)) + str(vars(Cipher).keys())
    assert key.hex() not in said
    assert "x01\\x02" not in said


def test_a_key_of_another_length_is_refused_without_showing_it():
    with pytest.raises(ValueError, match="15 bytes") as told:
        Cipher.aes(b"\xaa" * 15)
    assert "aa" not in str(told.value)


def test_rotation_and_check_sum():
    assert rotate(b"\x01\x02\x03") == b"\x02\x03\x01"
    vector = VECTORS["ev1-changekey-same"]
    entry = b"\xc4\x00" + unhex(vector["new_key"]) + unhex(vector["key_version"])
    assert card_crc(entry)[::-1].hex() == vector["crc32_jamcrc"]
