"""Arguments without pydantic: they are converted as by pydantic."""

import json
from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Ge, Le, MaxLen, MinLen
from hypothesis import given
from hypothesis import strategies as some
from pydantic import BaseModel, Field, TypeAdapter

from noukai.flow._json_types import as_annotated, is_plain
from tests.validators import Errors, compiled


class Line(BaseModel):
    pieces: int


PLAIN: tuple[Any, ...] = (
    Any,
    str,
    int,
    float,
    bool,
    None,
    list,
    dict,
    Literal["any", "none"],
    int | None,
    float | None,
    int | float,
    float | str,
    bool | float,
    int | Literal["any"],
    list[float] | None,
    dict[str, int] | str,
    list[list[int]],
    list[int | float | None],
    dict[str, list[float | str]],
    Annotated[int, Ge(1), Le(5)],
    Annotated[float, Ge(0)] | None,
    Annotated[int, Ge(3)] | str,
    Annotated[list[Annotated[float, Le(9)]], MinLen(1), MaxLen(3)],
)
NOT_PLAIN: tuple[Any, ...] = (
    date,
    bytes,
    set[str],
    tuple[int, str],
    dict[int, str],
    Line,
    list[Line],
    int | Line,
    Literal[1, 2],
    list[int] | dict[str, int],
    Annotated[int, Ge(3)] | float,
    Annotated[int, Field(ge=1)],
    Annotated[str, str.strip],
)
numbers = some.integers(-10, 10) | some.integers(-10, 10).map(float) | some.floats(-10, 10)
scalars = some.none() | some.booleans() | numbers | some.sampled_from(["any", "none", "3", ""])
values = some.recursive(
    scalars,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.sampled_from("ab"), inner),
    max_leaves=5,
)


@cache
def validator(annotation: Any) -> Callable[[object], Errors]:
    """Return the compiled schema of an annotation."""
    return compiled(TypeAdapter(annotation))


@pytest.mark.parametrize("annotation", PLAIN, ids=str)
@given(value=values)
def test_plain_annotation_accepts_what_pydantic_accepts(annotation: Any, value: Any) -> None:
    """Of all values that the schema accepts, numbers keep their kinds."""
    assert is_plain(annotation)
    if validator(annotation)(value):
        return
    expected = TypeAdapter(annotation).validate_json(json.dumps(value))
    assert repr(as_annotated(value, annotation)) == repr(expected)


@pytest.mark.parametrize("annotation", NOT_PLAIN, ids=str)
def test_annotation_that_says_more_is_not_plain(annotation: Any) -> None:
    """pydantic converts arguments to types that JSON lacks, and checks more than the schema does."""
    assert not is_plain(annotation)
