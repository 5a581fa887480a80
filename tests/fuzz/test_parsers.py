"""The parsers of untrusted input, with inputs close to valid ones."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.fuzz.parsers import Target, targets

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
)
NAMES = st.sampled_from(
    ["a", "b", "lines", "colour", "due", "size", "tags", "pair", "by_number", "root", "anything"]
)
OPTIONS = [
    "delaySeconds",
    "timeoutSeconds",
    "maxAttempts",
    "backoffSeconds",
    "backoffCapSeconds",
    "keepSeconds",
]
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "message": SCALARS,
        "parameters": st.dictionaries(NAMES, VALUES, max_size=5) | VALUES,
        "options": st.dictionaries(st.sampled_from([*OPTIONS, "metadata", "runAt"]), VALUES, max_size=5),
        "trace": VALUES,
        "toolChoice": VALUES,
    },
)
MESSAGES = st.fixed_dictionaries(
    {
        "id": st.just("job_" + "a" * 26) | VALUES,
        "created_at": st.integers() | VALUES,
        "org": st.text(max_size=5) | VALUES,
        "flow": st.just("shapes/add") | VALUES,
        "arguments": st.dictionaries(NAMES, VALUES, max_size=3) | VALUES,
    },
    optional={
        "timeout_seconds": SCALARS,
        "backoff_seconds": SCALARS,
        "backoff_cap_seconds": SCALARS,
        "more": VALUES,
    },
)
DEEP = b'{"parameters": {"anything": ' + b"[" * 10_000 + b"]" * 10_000 + b"}}"
LARGE = b'{"parameters": {"a": 1' + b"0" * 400 + b'}, "options": {"maxAttempts": 1e400}}'
TWICE = b'{"message": 1, "message": "x", "parameters": {"a": "x", "a": 1}}'
HALVES = (
    b'{"message": "\\ud800", "parameters": {"\\udfff": 1}, "options": {"metadata": {"\\ud800": "\\udc00"}}}'
)


@pytest.fixture(scope="module")
def parsers(asset: Path) -> Mapping[str, Target]:
    return targets(asset)


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=400) | BODIES.map(encoded) | MESSAGES.map(encoded) | VALUES.map(encoded))
@example(DEEP)
@example(LARGE)
@example(TWICE)
@example(HALVES)
@example(b"\xef\xbb\xbf{}")
def test_every_parser_answers_whatever_it_is_given(parsers: Mapping[str, Target], data: bytes) -> None:
    """Each refuses in its own way or returns a correct value, and never fails otherwise."""
    for parse in parsers.values():
        parse(data)


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(codec="latin-1"), max_size=300).map(lambda text: text.encode("latin-1")))
@example(b"x" * 255)
@example(b"x" * 256)
@example(b"a\r\nX-Evil: 1")
def test_idempotency_key_is_printable(parsers: Mapping[str, Target], data: bytes) -> None:
    """This holds for whatever a header may carry."""
    parsers["idempotency key"](data)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text("0123456789*/,-LW#?@HJANsun ", max_size=8), min_size=4, max_size=6).map(" ".join))
@example("30 2 29 feb *")
@example("0 0 31 2,4,6 *")
@example("5-5/0 * * * *")
@example("* * * * 17-2/3")
def test_valid_expression_comes(parsers: Mapping[str, Target], text: str) -> None:
    """Within nine years, and any other is refused with a reason: none is searched for ever."""
    parsers["cron"](text.encode())
