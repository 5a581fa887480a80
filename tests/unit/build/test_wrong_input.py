"""Wrong input costs no more than right input, whatever the caller sends and the author's patterns."""

import datetime as dt
import tracemalloc
from collections.abc import Callable
from decimal import Decimal
from functools import reduce
from ipaddress import IPv6Network
from operator import or_
from time import process_time
from typing import Annotated, Any, Literal

import pytest
from fastjsonschema import JsonSchemaValueException
from pydantic import AnyUrl, BaseModel, EmailStr, Field, TypeAdapter, create_model

from noukai_functions.build.validators.code import flow_validator
from noukai_functions.refusals import MAX_ERRORS
from tests.validators import Errors, accepting

LITERAL: Any = Literal


class Line(BaseModel):
    article: str


class Left(BaseModel):
    child: "Left | Right | None" = None


class Right(BaseModel):
    child: "Left | Right | None" = None
    x: int


@pytest.mark.parametrize("pattern", ["(?=a)", "(?<!a)b", r"(a)\1", r"\Z", "(", "(a{1000}){1000}"])
def test_pattern_without_a_linear_engine(pattern: str) -> None:
    """It is refused with the engine's reason, even if it is only in the published schema."""
    published = Annotated[str, Field(json_schema_extra={"pattern": pattern})]
    with pytest.raises(ValueError, match="cannot be checked in linear time"):
        flow_validator(TypeAdapter(published))


@pytest.mark.parametrize("keys", [int | str, Literal[1], Literal["a", 1]], ids=str)
def test_keys_that_are_no_json_keys(keys: Any) -> None:
    """JSON's keys are text: mappings with several kinds of key, or numbers as keys, are refused."""
    with pytest.raises(ValueError, match="use text"):
        flow_validator(TypeAdapter(dict[keys, int]))


FLOODS: tuple[tuple[Any, Any, Any], ...] = (
    (list[int], [0] * 60_000, ["x"] * 60_000),
    (list[Line], [{"article": "a"}] * 15_000, [{"x": 1}] * 15_000),
    (list[int | Line], [0] * 60_000, [[]] * 60_000),
    (list[dt.date], ["2026-01-01"] * 20_000, ["2026-02-30"] * 20_000),
    (
        dict[str, int],
        {f"x{number}": 1 for number in range(20_000)},
        {f"x{number}": "" for number in range(20_000)},
    ),
    (
        dict[int, int],
        {f"{number}": 1 for number in range(20_000)},
        {f"x{number}": 1 for number in range(20_000)},
    ),
    (list[list[Line]], [[{"article": "a"}] * 10] * 1500, [[{"x": 1}] * 10] * 1500),
)


@pytest.mark.parametrize(("annotation", "right", "wrong"), FLOODS, ids=lambda each: str(each)[:30])
def test_flood_of_errors(annotation: Any, right: Any, wrong: Any) -> None:
    """The first places are found in no more time and memory than valid input takes, whatever is wrong."""
    errors_of = accepting(annotation)
    assert not errors_of(right)
    assert 1 <= len(errors_of(wrong)) <= MAX_ERRORS
    (right_seconds, right_bytes), (wrong_seconds, wrong_bytes) = (
        cost(errors_of, each) for each in (right, wrong)
    )
    assert wrong_seconds <= 2 * right_seconds
    assert wrong_bytes <= max(2 * right_bytes, 100_000)


def cost(errors_of: Callable[[object], Errors], value: Any) -> tuple[float, int]:
    """Return the cost of a check in seconds of CPU and bytes of memory."""
    began = process_time()
    errors_of(value)
    seconds = process_time() - began
    tracemalloc.start()
    errors_of(value)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return seconds, peak


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (Annotated[str, Field(pattern=r"^(\w+\s?)+$")], "a" * 250_000 + "!"),
        (Annotated[str, Field(pattern="(x+x+)+y")], "x" * 250_000),
        (Annotated[str, Field(pattern="(a?){500}a{500}$")], "a" * 250_000 + "b"),
        (EmailStr, "a." * 120_000 + "@"),
        (EmailStr, "@." * 120_000),
        (Decimal, "1" * 250_000 + "x"),
        (AnyUrl, "http://" + "a." * 120_000),
        (dt.timedelta, "P" + "1" * 250_000),
        (IPv6Network, ":" * 250_000),
        (dict[int, int], {"1" * 250_000 + "x": 1}),
    ],
    ids=lambda each: str(each)[:40],
)
def test_text_that_is_slow_for_a_backtracking_engine(annotation: Any, text: Any) -> None:
    """No text of a body's size takes long, whatever the author's pattern."""
    errors_of = accepting(annotation)
    errors_of("")
    began = process_time()
    errors_of(text)
    assert process_time() - began < 0.25


@pytest.mark.parametrize("end", [None, "wrong"])
def test_variants_that_contain_each_other(end: str | None) -> None:
    """Each part of a deep value is checked once per variant, right or wrong."""
    value: dict[str, Any] = {"x": 1, "child": end}
    for _ in range(28):
        value = {"x": 1, "child": value}
    errors_of = accepting(Left | Right)
    began = process_time()
    assert bool(errors_of(value)) is (end is not None)
    assert process_time() - began < 0.25


@pytest.mark.parametrize("end", [1, "wrong"])
def test_variants_that_contain_other_variants(end: Any) -> None:
    """The same holds if each variant contains those of the next level, but not itself."""
    left: Any = create_model("Left0", child=(int, ...))
    right: Any = create_model("Right0", child=(int, ...))
    value = {"child": end}
    for level in range(1, 28):
        child = left | right
        left = create_model(f"Left{level}", child=(child, ...))
        right = create_model(f"Right{level}", child=(child, ...), x=(int, 0))
        value = {"child": value}
    errors_of = accepting(left | right)
    began = process_time()
    assert bool(errors_of(value)) is (end != 1)
    assert process_time() - began < 0.25


@pytest.mark.parametrize(("of", "number"), [(1e-300, 1.7e308), (0.1, 0.7), (7, 7e200)])
def test_multiples_take_no_time(of: float, number: float) -> None:
    """A body full of numbers is checked exactly, in a fraction of a second."""
    errors_of = accepting(list[Annotated[float, Field(multiple_of=of)]])
    numbers = [number / share for share in range(1, 30_000)]
    began = process_time()
    errors_of(numbers)
    assert process_time() - began < 0.5
    assert errors_of([number]) == []


def variants(make: Callable[[int], tuple[str, Any]], count: int = 24) -> Any:
    """Return a union of that many models, each with one required field."""
    models: list[Any] = []
    for number in range(count):
        name, kind = make(number)
        models.append(create_model(f"Variant{number}", **{name: (kind, ...)}))  # type: ignore[call-overload]
    return reduce(or_, models)


NAMED = variants(lambda number: (f"name{number}", int))
TAGGED = variants(lambda number: ("kind", LITERAL[f"k{number}"]))
ENUMERATED = variants(lambda number: ("x", LITERAL[f"a{number}", f"b{number}"]))
TYPED = variants(lambda number: ("x", (list[int], str, bool, None)[number]), 4)


@pytest.mark.parametrize(
    ("annotation", "item"),
    [
        (NAMED, {"name23": 1}),
        (TAGGED, {"kind": "k23"}),
        (Annotated[TAGGED, Field(discriminator="kind")], {"kind": "k23"}),
        (ENUMERATED, {"x": "b23"}),
        (TYPED, {"x": None}),
        (list[int] | dict[str, int] | str, "text"),
    ],
    ids=["names", "tags", "discriminator", "enums", "types of a name", "types"],
)
def test_right_item_of_many_variants(monkeypatch: pytest.MonkeyPatch, annotation: Any, item: Any) -> None:
    """However many impossible variants there are, they are excluded without an error for each."""
    made: list[object] = []
    monkeypatch.setattr(JsonSchemaValueException, "__init__", lambda *_, **__: made.append(1))
    assert not accepting(list[annotation])([item] * 10)
    assert made == []
