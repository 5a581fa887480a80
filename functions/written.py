"""The numbers of JSON as they are written in decimal digits, which floats round: there 0.3 is three times 0.1."""

EXACT = 2**53
"""Up to here each whole number has a float of its own."""


def as_written(number: float) -> float:
    """Return a number; a float beyond that becomes the whole number that its digits say, as 1e30 becomes 10**30."""
    if isinstance(number, float) and EXACT <= abs(number) < float("inf"):
        from decimal import Decimal  # noqa: PLC0415 - few flows take such numbers

        return int(Decimal(repr(number)))
    return number


def is_multiple(number: float, of: float) -> bool:
    """Return whether a number is a whole multiple of another."""
    if isinstance(number, int) and isinstance(of, int):
        return number % of == 0
    from fractions import Fraction  # noqa: PLC0415 - few flows limit numbers so

    return (Fraction(repr(number)) / Fraction(repr(of))).denominator == 1
