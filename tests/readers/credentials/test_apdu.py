"""Commands and responses as bytes: what is encoded is parsed back, and nothing that comes from the air raises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.credentials.apdu import Command, Malformed, Response, parse_command, parse_response

octet = st.integers(0, 255)


@given(octet, octet, octet, octet, st.binary(max_size=255), st.none() | st.integers(1, 256))
def test_a_command_is_parsed_back_as_it_was_encoded(cla, ins, p1, p2, data, expected):
    command = Command(cla, ins, p1, p2, data, expected)
    assert parse_command(command.encode()) == command


@given(st.binary(max_size=300), st.integers(0, 0xFFFF))
def test_a_response_is_parsed_back_as_it_was_encoded(data, status):
    assert parse_response(Response(data, status).encode()) == Response(data, status)


@given(st.binary(max_size=600))
def test_a_parsed_command_has_exactly_the_bytes_it_came_from(raw):
    command = parse_command(raw)
    assert isinstance(command, Malformed) or command.encode() == raw


@pytest.mark.parametrize(
    ("raw", "malformed"),
    [
        ("", Malformed.TOO_SHORT),
        ("ffca00", Malformed.TOO_SHORT),
        ("ffca00000201", Malformed.LENGTHS_DISAGREE),
        ("ffca000001aa0000", Malformed.LENGTHS_DISAGREE),
        ("ffca0000000010", Malformed.LENGTHS_DISAGREE),
    ],
)
def test_bytes_that_are_no_command_say_why(raw, malformed):
    assert parse_command(bytes.fromhex(raw)) is malformed


@pytest.mark.parametrize("raw", ["", "90"])
def test_less_than_a_status_word_is_no_response(raw):
    assert parse_response(bytes.fromhex(raw)) is Malformed.TOO_SHORT


def test_the_four_shapes_of_a_short_command_match_the_standard():
    shapes = {
        "00a40400": Command(0x00, 0xA4, 0x04, 0x00),
        "ffca000000": Command(0xFF, 0xCA, 0x00, 0x00, expected=256),
        "00a4040001aa": Command(0x00, 0xA4, 0x04, 0x00, b"\xaa"),
        "00a4040001aa10": Command(0x00, 0xA4, 0x04, 0x00, b"\xaa", expected=16),
    }
    assert {raw: parse_command(bytes.fromhex(raw)) for raw in shapes} == shapes
