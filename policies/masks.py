"""Sets of rules as integers: bit n stands for the n-th rule of the policy."""

from collections.abc import Iterable, Iterator


def mask_of(bits_set: Iterable[bool]) -> int:
    """Return the integer whose bit n is the n-th of `bits_set`."""
    return sum(1 << index for index, is_set in enumerate(bits_set) if is_set)


def bits(mask: int) -> Iterator[int]:
    """Yield the numbers of the bits that are set, the lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
