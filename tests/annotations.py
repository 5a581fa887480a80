"""Annotations of every kind that a flow may have, and values that match them or not."""

import datetime as dt
import enum
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Network
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

from hypothesis import strategies as some
from pydantic import (
    UUID4,
    AnyUrl,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    Json,
    NaiveDatetime,
    RootModel,
    StringConstraints,
)
from typing_extensions import TypedDict

from tests.scalars import NUMBERS, TEXTS

LIST: Any = list
TUPLE: Any = tuple
DICT: Any = dict
SET: Any = set


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


@dataclass
class Parcel:
    article: str
    pieces: Annotated[float, Field(gt=0)] | None = None


class Pair(NamedTuple):
    a: int
    b: str = "a"


class Root(RootModel[list[int]]):
    pass


class Renamed(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    pieces: int = Field(alias="article")


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


SAID: tuple[Any, ...] = (
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
    Decimal,
    UUID,
    bytes,
    IPv4Address,
    Colour,
    Literal["any", "none"],
    Line,
    Point,
    Annotated[Cat | Dog, Field(discriminator="kind")],
    Size,
    Literal[1, "any", True],
    Parcel,
    Pair,
    Root,
    Renamed,
    deque[int],
    Annotated[frozenset[int], Field(min_length=2)],
    Annotated[dict[str, int], Field(min_length=1, max_length=1)],
    tuple[int, ...],
    bool | int,
    Annotated[int, Field(ge=5)] | Annotated[float, Field(le=2)],
    Annotated[int, Field(ge=1, lt=10)],
    Annotated[int, Field(multiple_of=3)],
    Annotated[int, Field(multiple_of=1000, ge=-(10**20), le=10**20)],
    Annotated[int, Field(gt=2**53)],
    Annotated[int, Field(lt=2**63)],
    Annotated[int, Field(ge=10**30 + 1)],
    Annotated[float, Field(gt=0, le=2.5)],
    Annotated[float, Field(multiple_of=0.1)],
    Annotated[float, Field(multiple_of=3)],
    Annotated[float, Field(gt=2.0**53)],
    Annotated[float, Field(lt=1e20)],
    Annotated[float, Field(ge=1e20)],
    Annotated[str, Field(min_length=1, max_length=2)],
    Annotated[str, Field(pattern="[$]")],
    Annotated[str, Field(pattern=r"^\p{L}+$")],
    Annotated[str, Field(pattern=r"^(?i:a|b)\d?$", max_length=2)],
)
"""Annotations whose schema says all that is checked."""
UNSAID: tuple[Any, ...] = (
    complex,
    UUID4,
    NaiveDatetime,
    Annotated[dt.timedelta, Field(gt=dt.timedelta(seconds=1))],
    Annotated[dt.time, Field(lt=dt.time(12))],
    AwareDatetime,
    Annotated[dt.date, Field(gt=dt.date(2026, 1, 1))],
    Annotated[Decimal, Field(max_digits=3, decimal_places=1, ge=Decimal("0.5"))],
    Annotated[Decimal, Field(max_digits=3)],
    Annotated[Decimal, Field(max_digits=20, decimal_places=2)],
    Annotated[Decimal, Field(decimal_places=2)],
    Annotated[Decimal, Field(multiple_of=0.1, lt=1000)],
    Annotated[Decimal, Field(multiple_of=3)],
    Annotated[Decimal, Field(gt=2**53 + 1)],
    Annotated[bytes, Field(min_length=1, max_length=2)],
    AnyUrl,
    IPv6Network,
    EmailStr,
    Json,
    Strict,
    Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1, pattern="^[a-z]$")],
)
"""Texts that JSON Schema cannot describe: limits of what they spell, or rules of a library."""
LEAVES = (*SAID, *UNSAID)
SAID_KEYS: tuple[Any, ...] = (
    str,
    int,
    float,
    bool,
    dt.date,
    UUID,
    Decimal,
    Colour,
    Literal["any", "none"],
    Annotated[str, Field(pattern="^a+$")],
    Annotated[str, Field(pattern=r"^\p{L}$", max_length=3)],
    Annotated[str, Field(min_length=2)],
)
KEYS = (*SAID_KEYS, Annotated[int, Field(ge=1)])
FIELDS = ("a", "b", "article", "pieces", "notes", "day", "word", "x", "y", "kind", "age")

texts = some.sampled_from(TEXTS) | some.text(max_size=3)
numbers = (
    some.integers(-3, 12)
    | some.integers(-3, 12).map(float)
    | some.floats(-10, 10)
    | some.sampled_from(NUMBERS)
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


def annotations_of(leaves: Sequence[Any], keys: Sequence[Any]) -> some.SearchStrategy[Any]:
    """Return annotations of these, and of lists, tuples, unions, dicts and sets of them."""
    return some.recursive(
        some.sampled_from(leaves),
        lambda inner: (
            inner.map(lambda of: LIST[of])
            | inner.map(lambda of: of | None if of is not None else of)
            | some.tuples(inner, inner).map(lambda of: TUPLE[of])
            | some.tuples(inner, inner).map(lambda of: of[0] | of[1] if of[0] is not of[1] else of[0])
            | some.tuples(some.sampled_from(keys), inner).map(lambda of: DICT[of])
            | some.sampled_from([int, str, bool, dt.date]).map(lambda of: SET[of])
            | inner.map(lambda of: Annotated[LIST[of], Field(min_length=1, max_length=2)])
        ),
        max_leaves=3,
    )
