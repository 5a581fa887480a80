"""The exact values of JSON numbers, and the equality of JSON values."""

from collections.abc import Hashable, Sequence
from functools import lru_cache
from typing import Any, cast

EXACT = 2**53
"""Up to this value, each integer has its own float."""


def as_written(number: float) -> float:
    """Return a number; a large float becomes the integer that its digits spell, such as 10**30 for 1e30."""
    if isinstance(number, float) and EXACT <= abs(number) < float("inf"):
        from decimal import Decimal  # noqa: PLC0415 - few flows take such numbers

        return int(Decimal(repr(number)))
    return number


def is_multiple(number: float, of: float) -> bool:
    """Return whether a number is an integer multiple of another."""
    if isinstance(number, int) and isinstance(of, int):
        return number % of == 0
    (above, below), (of_above, of_below) = _ratio(number), _ratio(of)
    return above * of_below % (below * of_above) == 0


def are_unique(items: Sequence[object]) -> bool:
    """Return whether no two items are equal as JSON."""
    return len({_compared(each) for each in items}) == len(items)


def _compared(value: object) -> Hashable:
    """Return a key that is equal for equal JSON values.

    Numbers become text, because callers can choose ten thousand numbers with equal hashes, each of which a
    set would compare with all others.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        return tuple(map(_compared, cast("Sequence[Any]", value)))
    if isinstance(value, dict):
        return frozenset((name, _compared(each)) for name, each in cast("dict[str, Any]", value).items())
    if isinstance(value, float) and value.is_integer():
        return str(int(as_written(value))).encode()
    # Bytes never equal text, so that 1 and "1" differ.
    return repr(value).encode()


@lru_cache(maxsize=128)
def _ratio(number: float) -> tuple[int, int]:
    """Return a number as an exact ratio.

    `Fraction` would take seconds for a hundred thousand numbers, which a body may hold.
    """
    from decimal import Decimal  # noqa: PLC0415 - few flows limit numbers so

    return Decimal(repr(number)).as_integer_ratio()
