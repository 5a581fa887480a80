"""Annotations of every kind that a flow may have, and values that meet or miss them."""

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
"""Whose schema says all that is checked."""
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
"""JSON Schema has no words for some texts: bounds of what they spell, what is left of them, or rules of a library."""
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
    *("a@b.co", "A <a@b.co>", "a@b", "a@b..co", " a@b.co ", "a@é.co", "é@b.co", "a@@b.co", "a@b.co.", "<a@b.co>"),
    *("a@localhost", "a@x.test", "a@b.example", "a@b.local", "a@1.2", "a@b.c1", "a@-b.co", "a@b-.co", "a@ab--c.co"),
    *(f"a@{'b' * 64}.co", f"{'x' * 65}@b.co", "a b@c.co", '"a b"@c.co', "a@b_c.co", "A <a@b.co> x", "a@b.co\n"),
    *(
        "a@xn--9.co",
        "a@xn--caf-dma.co",
        "\u202ea@b.co",
        "a@[1.2.3.4]",
        "a@1\u05d0.co",
        "a@\u05d0.co",
        '"A <b" <a@b.co>',
    ),
    *(" ab ", "ab\n", "__1", "0x1", "1e-3", "9.99", "00", "1.10", "12345678901234567890.12"),
)
NUMBERS: tuple[float, ...] = (
    *(10**18, 10**30, -(10**300), 1e18, 1e30, -1e18, 3e18, 3e30, 3e27, 3e28, 1e300, 9.123456789012345e18, 1e22, 1e20),
    *(2**53 - 1, 2**53, 2**53 + 1, 2**53 + 2, 2.0**53, 2.0**53 + 2, 2**63 - 1, 2**63, 2**63 + 1, 2.0**63),
    *(10**20 - 1, 10**20, 10**20 + 1, 0.1, 0.3, 0.7, 1.1, 0.1 + 0.2, 0.30000000001, 1e-9, 5e-324, -0.0, 19.01, 0.001),
    *(0, 1, 1.0, 3, 9.0, 0.5, 2.5, 99.9, 9.99, 9.999, 100.0, 999, 1000, 123.45, 12345678901234567890.12),
)
FIELDS = ("a", "b", "article", "pieces", "notes", "day", "word", "x", "y", "kind", "age")

texts = some.sampled_from(TEXTS) | some.text(max_size=3)
numbers = some.integers(-3, 12) | some.integers(-3, 12).map(float) | some.floats(-10, 10) | some.sampled_from(NUMBERS)
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
    """Make annotations of these, and of lists, tuples, unions, dicts and sets of them."""
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
