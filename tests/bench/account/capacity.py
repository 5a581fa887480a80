"""Rules by which DynamoDB and SQS count: bytes of items, units of capacity, requests by payload.

The sizes are those of "DynamoDB item sizes and formats", Amazon DynamoDB developer guide.
"""

from collections.abc import Callable, Mapping
from typing import Any

KB = 1024


def item_bytes(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Return the size of an item: its names and its values."""
    return sum(len(name.encode()) + value_bytes(value) for name, value in item.items())


def value_bytes(attribute: Mapping[str, Any]) -> int:
    """Return the size of a value, as in `{"S": "text"}`; no row holds a list or a map."""
    ((kind, value),) = attribute.items()
    sizes: Mapping[str, Callable[[Any], int]] = {
        "S": _text_bytes,
        "N": _number_bytes,
        "B": len,
        "BOOL": lambda _: 1,
    }
    if kind in sizes:
        return sizes[kind](value)
    if kind in ("SS", "NS", "BS"):
        return sum(sizes[kind[0]](each) for each in value)
    raise ValueError(f"the size of a value of type {kind} is not known here")


def write_units(before: int, after: int) -> int:
    """Return the units of a write, by the larger of the item's sizes; a refused write changes none."""
    return _started(max(before, after), KB)


def read_units(size: int, *, consistent: bool) -> float:
    """Return the units of a read; reading no item counts as the smallest."""
    return _started(size, 4 * KB) * (1.0 if consistent else 0.5)


def sqs_requests(payload: int) -> int:
    """Return the requests that SQS bills for a payload, or for that of its answer."""
    return _started(payload, 64 * KB)


def api_requests(request: int, answer: int) -> int:
    """Return the requests that an HTTP API bills, by the larger of the two payloads."""
    return _started(max(request, answer), 512 * KB)


def _started(size: int, step: int) -> int:
    return max(1, -(-size // step))


def _text_bytes(text: str) -> int:
    return len(text.encode())


def _number_bytes(number: str) -> int:
    """Return a byte for each two significant digits, one for the exponent, one for a sign."""
    digits = number.lstrip("-").replace(".", "").strip("0")
    return -(-len(digits) // 2) + 1 + number.startswith("-")
