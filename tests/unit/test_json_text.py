"""Compressed bodies: the forms and sizes that are accepted."""

import gzip

import pytest

from noukai_functions.api.errors import refusal_answer
from noukai_functions.json_text import inflated
from noukai_functions.refusals import InvalidInputError, Refusal
from noukai_wire import limits
from noukai_wire.errors import ErrorCode


def refused(content: bytes) -> ErrorCode:
    with pytest.raises(Refusal) as raised:
        inflated(content, "gzip")
    return refusal_answer(raised.value).code


def test_members_follow_each_other() -> None:
    """The format allows several, even an empty one; the encoding may also be called `x-gzip`."""
    content = gzip.compress(b"to ") + gzip.compress(b"") + gzip.compress(b"be")
    assert inflated(content, "gzip") == inflated(content, "X-GZIP") == b"to be"


def test_body_without_an_encoding() -> None:
    """A header without a value, which some proxies leave, names no encoding."""
    assert inflated(b"to be", "") == inflated(b"to be", "Identity") == b"to be"


@pytest.mark.parametrize("encoding", ["gzip, gzip", "identity, gzip", "deflate", "br", "gzip;q=1"])
def test_other_encodings_are_refused(encoding: str) -> None:
    """A body that is compressed twice is refused too, since its limit would apply in between."""
    with pytest.raises(InvalidInputError, match="must be gzip or identity"):
        inflated(gzip.compress(gzip.compress(b"to be")), encoding)


def test_limit_counts_after_inflating() -> None:
    """It is exact to the byte, also for several members."""
    most = b" " * limits.MAX_BODY_BYTES
    assert inflated(gzip.compress(most), "gzip") == most
    assert inflated(gzip.compress(most[1:]) + gzip.compress(b" "), "gzip") == most
    assert refused(gzip.compress(most + b" ")) == ErrorCode.PAYLOAD_TOO_LARGE
    assert refused(gzip.compress(most) + gzip.compress(b" ")) == ErrorCode.PAYLOAD_TOO_LARGE


def test_limit_counts_before_inflating_too() -> None:
    """A megabyte of empty members would take seconds."""
    nothing = gzip.compress(b"")
    assert inflated(nothing * 1000, "gzip") == b""
    assert refused(nothing * (limits.MAX_BODY_BYTES // len(nothing) + 1)) == ErrorCode.PAYLOAD_TOO_LARGE
