"""Python values as a flow's input: each arrives as the flow's annotations read it, or is refused by name."""

import array
import json
from collections import OrderedDict, UserString, deque
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from ipaddress import IPv4Address
from pathlib import PurePosixPath
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import pytest
from pydantic import BaseModel, Field, SecretStr

from noukai import InvalidArgumentError
from noukai._core.sending.submission import submission
from noukai.flow import Flow, flow
from noukai.testing import rehearse
from tests.validators import compiled


@dataclass(frozen=True)
class Point:
    x: int
    at: datetime | None = None


class Line(BaseModel):
    article: str = Field(alias="articleName")
    price: Decimal = Decimal(0)
    weight: float = 1.5


class Login(BaseModel):
    word: SecretStr


class Size(NamedTuple):
    width: int
    height: int


class Colour(StrEnum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Mixed(Enum):
    FIRST = "one"


NOON = datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)
MONTHS = np.array(["2026-01-31T12:00:00.123456", "2026-02-01"], dtype="datetime64[ns]")

WRITTEN = [
    (dict[int, str], {1: "one", -2: "two"}),
    (dict[date, list[Point]], {date(2026, 1, 31): [Point(1, NOON)]}),
    (dict[Decimal, float], {Decimal("1.10"): 0.1}),
    (dict[bool, int], {True: 1, False: 0}),
    (dict[Colour, UUID], {Colour.RED: UUID(int=7)}),
    (Point, Point(1, NOON)),
    (Line, Line(articleName="pen", price=Decimal("0.10"))),
    (list[Line | Point], [Line(articleName="pen"), Point(2)]),
    (datetime, NOON),
    (datetime, datetime(2026, 1, 31, 12)),  # noqa: DTZ001 - one without a zone stays so
    (date, date(2026, 1, 31)),
    (time, time(12, 30)),
    (timedelta, timedelta(days=1, seconds=90)),
    (Decimal, Decimal("0.1000000000000000000000001")),
    (bytes, "grüße".encode()),
    (bytes, b"\xff\xfe\xfb"),
    (bytes | None, b"a"),
    (set[int], {1, 2}),
    (frozenset[str], frozenset({"a"})),
    (tuple[int, str], (1, "a")),
    (Size, Size(3, 4)),
    (Colour, Colour.RED),
    (Level, Level.HIGH),
    (Mixed, Mixed.FIRST),
    (UUID, UUID(int=7)),
    (PurePosixPath, PurePosixPath("a/b")),
    (IPv4Address, IPv4Address("127.0.0.1")),
    (dict[str, int], OrderedDict(a=1)),
]
"""An annotation of a flow, and a value of it."""

CONVERTED = [
    (list[list[int]], np.arange(6).reshape(2, 3), [[0, 1, 2], [3, 4, 5]]),
    (list[float], np.array([0.5, 1], dtype=np.float32), [0.5, 1.0]),
    (float, np.float32(0.5), 0.5),
    (int, np.int64(7), 7),
    (bool, np.bool_(True), True),
    (str, np.str_("a"), "a"),
    (dict[int, int], {np.int64(1): np.uint8(2)}, {1: 2}),
    (list[datetime], MONTHS, [datetime(2026, 1, 31, 12, 0, 0, 123456), datetime(2026, 2, 1)]),  # noqa: DTZ001
    (timedelta, np.timedelta64(1500, "ns"), timedelta(microseconds=1)),
    (list[int], range(3), [0, 1, 2]),
    (list[int], deque([1, 2]), [1, 2]),
    (str, UserString("a"), "a"),
    (list[float], array.array("d", [0.5]), [0.5]),
    (list[int], (number for number in (1, 2)), [1, 2]),
    (list[str], {"a": 1}.keys(), ["a"]),
    (bytes, bytearray(b"ab"), b"ab"),
    (dict[str, list[int]], {"points": np.array([1])}, {"points": [1]}),
]
"""An annotation, a value that it is to read, and what the flow is called with."""


def arrived(annotation: Any, value: object) -> Any:
    """Return the arguments of a flow of one parameter, if its schema accepts the submission."""
    found: list[Any] = []

    def taking(value: Any) -> None:
        found.append(value)

    taking.__annotations__ = {"value": annotation}
    taken: Flow = flow(taking)
    parameters = json.loads(submission(None, {"value": value}).content)["parameters"]
    assert not compiled(taken.signature.adapter)(parameters)
    done = rehearse(taken, parameters)
    assert done.error is None
    return found[0]


@pytest.mark.parametrize(("annotation", "value"), WRITTEN)
def test_values_arrive_unchanged(annotation: Any, value: object) -> None:
    """A value of the annotation's type arrives unchanged."""
    found = arrived(annotation, value)
    assert (found, type(found)) == (value, dict if isinstance(value, dict) else type(value))


@pytest.mark.parametrize(("annotation", "value", "expected"), CONVERTED)
def test_arrays_and_iterables_arrive_as_lists(annotation: Any, value: object, expected: object) -> None:
    """Arrays, their numbers and iterables arrive as lists and numbers."""
    found = arrived(annotation, value)
    assert (found, type(found)) == (expected, type(expected))


def cyclic() -> list[Any]:
    knot: list[Any] = []
    knot.append({"knot": knot})
    return knot


@pytest.mark.parametrize(
    ("value", "place", "problem"),
    [
        (object(), "", "object"),
        ([{"a": [1, object()]}], ".0.a.1", "object"),
        ({"a": float("nan")}, ".a", "nan"),
        ([Decimal("Infinity")], ".0", "Infinity"),
        (Decimal("sNaN"), "", "sNaN"),
        (np.array([1.0, np.inf]), ".1", "inf"),
        (np.array([object()]), ".0", "object"),
        (Line.model_construct(article=object()), "", "object"),
        ([Line.model_construct(article="a", weight=float("inf"))], ".0.weight", "inf"),
        (Point(object()), ".x", "object"),  # type: ignore[arg-type]  # it is what must be refused
        ("\ud800", "", "surrogate"),
        ({"\ud800": 1}, "", "surrogate"),
        ({(1, 2): 1}, "", "tuple"),
        ({None: 1}, "", "NoneType"),
        ([{1: "a", "1": "b"}], ".0", "'1'"),
        (SecretStr("word"), "", "get_secret_value"),
        ([Login(word=SecretStr("word"))], ".0", "get_secret_value"),
        (test_values_arrive_unchanged, "", "function"),
    ],
)
def test_values_that_json_lacks_are_refused_by_name(value: object, place: str, problem: str) -> None:
    """The error names the place of the value, and what is wrong with it."""
    with pytest.raises(InvalidArgumentError) as raised:
        submission(None, {"value": value})
    said, _, reason = str(raised.value).partition(" must be JSON, or have a form in JSON: ")
    assert (said, problem in reason) == (f"parameters.value{place}", True), raised.value


def test_value_that_holds_itself_is_refused() -> None:
    """It could not be written as JSON."""
    with pytest.raises(InvalidArgumentError, match="parameters must be JSON, but it contains itself"):
        submission(None, {"value": cyclic()})


def test_options_are_written_alike() -> None:
    """A number of numpy is accepted as an option; another type is refused by name."""
    assert b'"maxAttempts":2' in submission(max_attempts=np.int64(2)).content  # type: ignore[arg-type]
    with pytest.raises(InvalidArgumentError, match=r"options\.timeoutSeconds must be JSON"):
        submission(timeout_seconds=float("nan"))  # type: ignore[arg-type]
