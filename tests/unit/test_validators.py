"""What a submission is let through by is what the worker takes: the two are asked about the same values."""

import datetime as dt
import enum
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import AnyUrl, AwareDatetime, BaseModel, ConfigDict, EmailStr, Field, Json, StringConstraints, TypeAdapter
from typing_extensions import TypedDict

from functions.catalog import Catalog
from functions.validator_code import flow_validator
from tests.validators import accepting, pydantic_takes_as_it_is, worker_takes

LIST: Any = list
TUPLE: Any = tuple
DICT: Any = dict
SET: Any = set


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Line(BaseModel):
    article: str
    pieces: Annotated[int, Field(ge=1)] = 1
    notes: "list[Line]" = []


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, str_strip_whitespace=True)
    day: dt.date
    word: Annotated[str, Field(min_length=1, max_length=2)]


class Point(TypedDict):
    x: float
    y: float


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]
    age: int


LEAVES: tuple[Any, ...] = (
    Any,
    None,
    bool,
    int,
    float,
    str,
    dt.date,
    dt.datetime,
    dt.time,
    dt.timedelta,
    AwareDatetime,
    Annotated[dt.date, Field(gt=dt.date(2026, 1, 1))],
    Decimal,
    Annotated[Decimal, Field(max_digits=3, decimal_places=1, ge=Decimal("0.5"))],
    UUID,
    bytes,
    Annotated[bytes, Field(min_length=1, max_length=2)],
    AnyUrl,
    IPv4Address,
    IPv6Network,
    EmailStr,
    Json,
    Colour,
    Literal["any", "none"],
    Line,
    Strict,
    Point,
    Annotated[Cat | Dog, Field(discriminator="kind")],
    Annotated[int, Field(ge=1, lt=10)],
    Annotated[int, Field(multiple_of=3)],
    Annotated[float, Field(gt=0, le=2.5)],
    Annotated[str, Field(min_length=1, max_length=2)],
    Annotated[str, Field(pattern="[$]")],
    Annotated[str, Field(pattern=r"^\p{L}+$")],
    Annotated[str, Field(pattern=r"^(?i:a|b)\d?$", max_length=2)],
    Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1, pattern="^[a-z]$")],
)
KEYS: tuple[Any, ...] = (
    str,
    int,
    float,
    bool,
    dt.date,
    UUID,
    Decimal,
    Colour,
    Literal["any", "none"],
    Annotated[int, Field(ge=1)],
    Annotated[str, Field(pattern="^a+$")],
    Annotated[str, Field(pattern=r"^\p{L}$", max_length=3)],
    Annotated[str, Field(min_length=2)],
)
TEXTS = (
    *("YQ==", "YQ", "YR==", "//77", "__77", "//7", "Y Q=="),
    *("", "a", "aa", "A1", "$", "é", "🎈", "e\u0301", " a ", "a\n", "\x00", "any", "red", "cat", "a{b}", "1.5", "-1"),
    *("1", "01", "+1", " 1", "1_0", "1.0", "1e3", "1e400", "NaN", "Infinity", "٣", "true", "True", "null", "[1", "{}"),
    *("2026-01-01", "2026-02-30", "0000-01-01", "2026-1-1", "2024-02-29", "10000-01-01", "2026-01-01T00:00:00"),
    *("2026-01-01T00:00:00Z", "2026-01-01T25:00:00Z", "2016-12-31T23:59:60Z", "2026-01-01T24:00:00Z", "12:00"),
    *("2026-01-01 00:00:00.1234567+01:00", "2026-01-01T00:00:00+25:00", "0000-01-01T00:00:00Z", "25:00", "23:59:60"),
    *("12:00:00Z", "P1D", "P", "PT", "-P1DT2S", "P1Y2M", "P1W", "1 day, 00:00:01", "P99999999999D", "00:00:61"),
    *("12345678-1234-5678-1234-567812345678", "12345678123456781234567812345678", "{12345678-1234-5678-1234-5678}"),
    *("http://a", "http:", "x", "mailto:x", "1.2.3.4", "01.2.3.4", "1.2.3", "::/0", "::1/0", "fe80::%eth0"),
    *("a@b.co", "A <a@b.co>", "a@b", "a@b..co", " a@b.co ", "a@é.co", "é@b.co", "a@@b.co", "a@b.co."),
)
FIELDS = ("a", "b", "article", "pieces", "notes", "day", "word", "x", "y", "kind", "age")

texts = some.sampled_from(TEXTS) | some.text(max_size=3)
numbers = (
    some.integers(-3, 12)
    | some.integers(-3, 12).map(float)
    | some.floats(-10, 10)
    | some.sampled_from([10**18, 10**30, -(10**300), 2**63, -0.0, 2**53 + 1, 0.5, 2.5, 99.9, 5e-324])
)
scalars = some.none() | some.booleans() | numbers | texts
values = some.recursive(
    scalars,
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.dictionaries(some.sampled_from(FIELDS) | texts, inner, max_size=4)
        | some.fixed_dictionaries(
            {"article": texts}, optional={"pieces": numbers, "notes": some.lists(inner, max_size=2)}
        )
        | some.fixed_dictionaries({"day": texts, "word": texts})
        | some.fixed_dictionaries({"kind": some.sampled_from(["cat", "dog"])}, optional={"age": numbers})
        | some.fixed_dictionaries({"x": numbers, "y": numbers})
    ),
    max_leaves=6,
)
annotations = some.recursive(
    some.sampled_from(LEAVES),
    lambda inner: (
        inner.map(lambda of: LIST[of])
        | inner.map(lambda of: of | None if of is not None else of)
        | some.tuples(inner, inner).map(lambda of: TUPLE[of])
        | some.tuples(inner, inner).map(lambda of: of[0] | of[1] if of[0] is not of[1] else of[0])
        | some.tuples(some.sampled_from(KEYS), inner).map(lambda of: DICT[of])
        | some.sampled_from([int, str, bool, dt.date]).map(lambda of: SET[of])
        | inner.map(lambda of: Annotated[LIST[of], Field(min_length=1, max_length=2)])
    ),
    max_leaves=3,
)


@given(annotation=annotations, value=values)
def test_worker_takes_what_was_accepted(annotation: Any, value: Any) -> None:
    """A job is never refused by its worker for an input that its submission let through."""
    if not accepting(annotation)(value):
        assert worker_takes(annotation, value)


@given(annotation=annotations, value=values)
def test_what_is_refused_the_worker_does_not_take_as_it_is(annotation: Any, value: Any) -> None:
    """At most it could make something else of it: a number of a text, a date of a number."""
    if pydantic_takes_as_it_is(annotation, value):
        assert not accepting(annotation)(value)


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (int, 1.0),
        (int, 1e30),
        (int, -0.0),
        (int, 10**300),
        (dict[int, str], {"-01": ""}),
        (dict[Annotated[str, Field(pattern=r"^\p{L}$")], int], {"é": 1}),
        (set[int], [1, 1]),
        (Annotated[str, Field(max_length=1)], "🎈"),
        (Annotated[float, Field(multiple_of=0.1)], 0.3),
        (dt.datetime, "2024-02-29T00:00Z"),
        (Json, "1"),
    ],
    ids=str,
)
def test_value_that_both_take(annotation: Any, value: Any) -> None:
    """Where JSON Schema, Python and pydantic would differ."""
    assert (accepting(annotation)(value), worker_takes(annotation, value)) == ([], True)


@pytest.mark.parametrize(
    ("annotation", "value", "said"),
    [
        (dt.date, "2026-02-30", "day value is outside expected range"),
        (dt.datetime, "2026-01-01T25:00:00Z", "should be a valid datetime"),
        (dt.datetime, "2016-12-31T23:59:60Z", "should be a valid datetime"),
        (dt.date, "0000-01-01", "year 0 is out of range"),
        (dt.time, "12:60", "minute value is outside expected range"),
        (AwareDatetime, "2026-01-01T00:00:00", "should have timezone info"),
        (Annotated[dt.date, Field(gt=dt.date(2026, 1, 1))], "2026-01-01", "greater than 2026-01-01"),
        (Annotated[str, Field(pattern="^[$]$")], "a", "should match pattern '^[$]$'"),
        (Annotated[str, Field(pattern=r"^\p{L}$")], "1", r"should match pattern '^\p{L}$'"),
        (Annotated[str, Field(pattern="^a$")], "a\n", "should match pattern"),
        (dict[Annotated[str, Field(pattern="^a$")], int], {"b": 1}, """"b": String should match pattern '^a$'"""),
        (dict[int, int], {"1.5": 1}, """"1.5": Input should be a valid integer"""),
        (IPv4Address, "1.2.3", "Expected 4 octets"),
        (EmailStr, "nobody", "must be an email address"),
        (set[Any], [[1]], "must be string or number or boolean or null"),
        (Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)], " ", "at least 1 character"),
        (Annotated[Decimal, Field(max_digits=3, decimal_places=1)], 100.0, "is none of"),
    ],
    ids=str,
)
def test_value_that_both_refuse(tmp_path: Path, annotation: Any, value: Any, said: str) -> None:
    """A submission says what the worker would have said."""
    (tmp_path / "validators").mkdir()
    schema = flow_validator(TypeAdapter(annotation)).code
    (tmp_path / "validators" / "project.flow.py").write_text(schema, encoding="utf-8")
    ((_, message),) = Catalog(tmp_path, {}).errors_of("project/flow", value)
    assert said in message
    assert not worker_takes(annotation, value)
