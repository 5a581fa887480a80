"""Values that an author's validator refuses cost a worker no more than valid ones, however many."""

from collections import Counter, deque
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple

import pytest
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, RootModel, TypeAdapter, WrapValidator
from pydantic_core import ValidationError
from typing_extensions import TypedDict

from noukai.flow import flow
from noukai.flow._signature import fail_fast_validator
from noukai.testing import rehearse

MANY = 1000
WRONG = 7

calls: Counter[str] = Counter()


def refuse(value: Any) -> Any:
    """Refuse one number, as an author's validator may, and count the calls."""
    if value == WRONG:
        calls["refusals"] += 1
        raise ValueError("seven is unlucky")
    return value


Lucky = Annotated[int, AfterValidator(refuse)]
LuckyBefore = Annotated[int, BeforeValidator(refuse)]
LuckyWithin = Annotated[int, WrapValidator(lambda value, handler: refuse(handler(value)))]


class Line(BaseModel):
    type: Lucky
    """A field with the name of a member of core schemas."""
    notes: "list[Line]" = []


class Lines(RootModel[list[Lucky]]): ...


@dataclass
class Parcel:
    pieces: list[Lucky]


class Point(TypedDict):
    xs: list[Lucky]


class Pair(NamedTuple):
    left: list[Lucky]
    right: int = 0


class Cat(BaseModel):
    kind: Literal["type"] = "type"
    lives: list[Lucky] = []


class Dog(BaseModel):
    kind: Literal["dog"]


NUMBERS = [WRONG] * MANY
NAMED = {f"n{number}": WRONG for number in range(MANY)}


@pytest.mark.parametrize(
    ("annotation", "value", "path"),
    [
        (list[Lucky], NUMBERS, (0,)),
        (list[LuckyBefore], NUMBERS, (0,)),
        (list[LuckyWithin], NUMBERS, (0,)),
        (list[Lucky], [1, 2, *NUMBERS], (2,)),
        (list[Lucky] | None, NUMBERS, (0,)),
        (deque[Lucky], NUMBERS, (0,)),
        (set[Lucky], NUMBERS, (0,)),
        (frozenset[Lucky], NUMBERS, (0,)),
        (tuple[Lucky, ...], NUMBERS, (0,)),
        (dict[str, Lucky], NAMED, ("n0",)),
        (dict[Lucky, int], {f"{'0' * zeros}{WRONG}": 1 for zeros in range(MANY)}, ("7", "[key]")),
        (list[list[Lucky]], [NUMBERS, NUMBERS], (0, 0)),
        (list[list[Lucky]], [[WRONG]] * MANY, (0, 0)),
        (dict[str, list[Lucky]], {name: [WRONG] for name in NAMED}, ("n0", 0)),
        (list[tuple[int, Lucky]], [[1, WRONG]] * MANY, (0, 1)),
        (list[Line], [{"type": WRONG}] * MANY, (0, "type")),
        (Line, {"type": 1, "notes": [{"type": WRONG}] * MANY}, ("notes", 0, "type")),
        (Lines, NUMBERS, (0,)),
        (Parcel, {"pieces": NUMBERS}, ("pieces", 0)),
        (Point, {"xs": NUMBERS}, ("xs", 0)),
        (Pair, {"left": NUMBERS}, ("left", 0)),
        (
            Annotated[Cat | Dog, Field(discriminator="kind")],
            {"kind": "type", "lives": NUMBERS},
            ("type", "lives", 0),
        ),
    ],
    ids=lambda each: str(each)[:40],
)
def test_flood_of_wrong_items(annotation: Any, value: Any, path: tuple[str | int, ...]) -> None:
    """The first one is found, and the author's code sees no other."""
    calls.clear()
    with pytest.raises(ValidationError) as refused:
        fail_fast_validator(TypeAdapter(annotation)).validate_python(value)
    (error,) = refused.value.errors()
    assert (error["loc"], error["msg"]) == (path, "Value error, seven is unlucky")
    assert calls["refusals"] == 1


def test_errors_in_several_places_are_all_found() -> None:
    """There is one for each field, list or argument."""

    class Order(BaseModel):
        first: list[Lucky]
        second: Lucky

    with pytest.raises(ValidationError) as refused:
        fail_fast_validator(TypeAdapter(Order)).validate_python({"first": NUMBERS, "second": WRONG})
    assert [error["loc"] for error in refused.value.errors()] == [("first", 0), ("second",)]


def test_wrap_validator_sees_every_error_of_a_list() -> None:
    """An author's wrap validator may decide by the errors inside."""

    def dropping(value: list[int], handler: Any) -> Any:
        try:
            return handler(value)
        except ValidationError as error:
            wrong = {each["loc"][0] for each in error.errors()}
            return [each for index, each in enumerate(value) if index not in wrong]

    kept = Annotated[list[Lucky], WrapValidator(dropping)]
    assert fail_fast_validator(TypeAdapter(kept)).validate_python([WRONG, 1, WRONG, 2]) == [1, 2]


@pytest.mark.parametrize("item", [WRONG, float(WRONG)])
def test_rehearsal_of_a_flood(item: float) -> None:
    """The error names the place of the first one, be it written as an int or as a float."""

    @flow
    def adding(rows: list[Lucky]) -> int:
        raise AssertionError(rows)

    calls.clear()
    done = rehearse(adding, {"rows": [1, *[item] * MANY]})
    assert (done.state, len(done.attempts)) == ("failed", 1)
    expected = "ArgumentsError: the arguments do not fit the flow: rows.1: Value error, seven is unlucky"
    assert done.error == expected
    assert calls["refusals"] == 1


def test_whole_number_is_tried_as_an_int_where_code_sees_how_it_is_written() -> None:
    """An author's code before the conversion may refuse `1.0`, the same number in JSON."""

    def whole(value: Any) -> Any:
        assert isinstance(value, int)
        return value

    @flow
    def adding(rows: list[Annotated[int, BeforeValidator(whole)]]) -> int:
        return sum(rows)

    assert rehearse(adding, {"rows": [1.0, 2]}).output == 3


def test_whole_number_is_tried_as_an_int_where_a_type_refuses_it() -> None:
    """A strict int is not written as a float, whatever an author's code refuses elsewhere."""

    @flow
    def adding(rows: list[Annotated[int, Field(strict=True), AfterValidator(refuse)]]) -> int:
        return sum(rows)

    assert rehearse(adding, {"rows": [1.0, 1e30]}).output == 10**30 + 1
