"""The published schema, the submission's check and the worker's agree on every value.

A validator that does not use pydantic applies the schema.
"""

from collections.abc import Callable
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given

from noukai_functions.build.schema import ReadableSchema
from tests.annotations import DICT, KEYS, LEAVES, SAID, SAID_KEYS, annotations_of, values
from tests.scalars import NUMBERS, TEXTS
from tests.validators import accepting, running, taking

FIXED: tuple[Any, ...] = (
    *TEXTS,
    *NUMBERS,
    None,
    True,
    False,
    [],
    {},
    {"article": "a"},
    {"day": "2026-01-01", "word": " a "},
)
NO_OBJECT = ("0000-", ":60Z", "P99999999999D")
"""Values that JSON Schema's formats allow and Python cannot hold: the year 0, leap seconds, long times."""


def published(annotation: Any, *, with_formats: bool) -> Callable[[object], bool]:
    """Return a function that tells whether the published schema accepts an argument."""
    schema = taking(annotation).signature.adapter.json_schema(schema_generator=ReadableSchema)
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=with_formats)
    return lambda value: validator.is_valid({"argument": value})


def difference(annotation: Any, given: tuple[object, ...]) -> list[object]:
    """Return the values on which the verdicts differ."""
    errors_of, takes = accepting(annotation), running(annotation)
    may, says = published(annotation, with_formats=False), published(annotation, with_formats=True)
    is_said = annotation in SAID or annotation in [DICT[key, int] for key in SAID_KEYS]
    different = []
    for value in given:
        is_taken = not errors_of(value)
        missed = is_said and says(value) and not any(part in str(value) for part in NO_OBJECT)
        if is_taken != takes(value) or (is_taken and not may(value)) or (missed and not is_taken):
            different.append(value)
    return different


@pytest.mark.parametrize("annotation", LEAVES, ids=str)
def test_value_of_each_kind(annotation: Any) -> None:
    """All three agree on a table of values."""
    assert difference(annotation, FIXED) == []


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_key_of_each_kind(key: Any) -> None:
    """All three agree on the keys of objects too."""
    assert difference(DICT[key, int], tuple({text: 1} for text in TEXTS)) == []


@given(annotation=annotations_of(LEAVES, KEYS), value=values)
def test_schema_accepts_what_the_functions_accept(annotation: Any, value: Any) -> None:
    """A caller who validates by the schema loses no valid value."""
    if not accepting(annotation)(value):
        assert published(annotation, with_formats=False)(value)


@given(annotation=annotations_of(SAID, SAID_KEYS), value=values)
def test_functions_accept_what_the_schema_accepts(annotation: Any, value: Any) -> None:
    """A value that the schema accepts, with its formats, is never refused."""
    if published(annotation, with_formats=True)(value) and not any(part in str(value) for part in NO_OBJECT):
        assert not accepting(annotation)(value)
