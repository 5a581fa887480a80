"""Values as JSON, written by their own types and by the return annotation."""

import json
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass as model_dataclass

from noukai.flow.runtime import UnwritableError, json_value
from tests.unit.invoices import Invoice, Row, SecretInvoice, Text


class Colour(Enum):
    RED = "red"


class Size(IntEnum):
    SMALL = 1


class Unit(StrEnum):
    METRE = "m"


class Point(NamedTuple):
    x: int
    y: int


class Measured(BaseModel):
    model_config = ConfigDict(ser_json_inf_nan="strings")

    value: float


@model_dataclass
class Checked:
    count: int
    part: Row | None = None


INVOICE = {"rows": [{"total": 3, "picture": ""}], "due": "2026-01-02", "netPrice": "1.50", "extra": None}

BY_TYPE: tuple[tuple[Any, Any], ...] = (
    (datetime(2026, 1, 2, 3, 4, 5, 600, UTC), "2026-01-02T03:04:05.000600Z"),
    (date(2026, 1, 2), "2026-01-02"),
    (timedelta(hours=1), "PT1H"),
    (Decimal("1.50"), "1.50"),
    (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (Path("a/b"), "a/b"),
    (Colour.RED, "red"),
    (Size.SMALL, 1),
    (Unit.METRE, "m"),
    (b"\xff>>?", "/z4+Pw=="),
    (bytearray(b"a"), "YQ=="),
    ({1}, [1]),
    (frozenset({"a"}), ["a"]),
    ((1, (2,)), [1, [2]]),
    (Point(1, 2), [1, 2]),
    (deque([1]), [1]),
    (OrderedDict(a=1), {"a": 1}),
    (Counter("aa"), {"a": 2}),
    ({1: 1, None: 2, True + 1: 3, 0.5: 4}, {"1": 1, "null": 2, "2": 3, "0.5": 4}),
    ({date(2026, 1, 2): 1, Colour.RED: 2, UUID(int=2): 3}, {"2026-01-02": 1, "red": 2, str(UUID(int=2)): 3}),
    (Row(Row(1)), {"total": {"total": 1, "picture": ""}, "picture": ""}),
    (Invoice(rows=[Row(3)]), INVOICE),
    (SecretInvoice(), {**INVOICE, "rows": [], "secret": "of nobody's concern"}),
    ([Checked(1, Row(2))], [{"count": 1, "part": {"total": 2, "picture": ""}}]),
    (Measured(value=float("nan")), {"value": "NaN"}),
    (np.float64(1.5), 1.5),
    (np.float32(0.5), 0.5),
    (np.longdouble(0.5), 0.5),
    (np.int8(3), 3),
    (np.uint64(2**63), 2**63),
    (np.bool_(True), True),
    (np.str_("a"), "a"),
    ([{"a": np.int64(1)}], [{"a": 1}]),
    (np.array([[1, 2]]), [[1, 2]]),
    (Row(np.int64(1)), {"total": 1, "picture": ""}),
    (Invoice(extra=np.int64(1)), {**INVOICE, "rows": [], "extra": 1}),
)

CYCLE: list[Any] = []
CYCLE.append(CYCLE)
DEEP: Any = []
for _ in range(32):
    DEEP = [DEEP]

UNWRITABLE: tuple[tuple[Any, str], ...] = (
    (10**5000, "the number is too large"),
    ([10**400], "`[0]`: the number is too large"),
    (float("nan"), "the float nan"),
    ({"a": {"b": [0, float("-inf")]}}, "`a.b[1]`: the float -inf"),
    ({1: "a", "1": "b"}, "two keys are both written as '1'"),
    ({"a": {True: 1, "true": 2}}, "`a`: two keys are both written as 'true'"),
    ({(1, 2): 3}, "a key of the type 'tuple'"),
    ({"a b": object()}, "`['a b']`: an object of the type 'object'"),
    ("\ud800", "surrogates"),
    ({"\ud800": 1}, "surrogates"),
    (CYCLE, "deeper than 32 levels"),
    (DEEP, "deeper than 32 levels"),
    ((each for each in "ab"), "'generator' cannot be written as JSON: return its values"),
    (len, "'builtin_function_or_method'"),
    (Row, "'type'"),
    ({"rows": [Row(1), Row(2), Row(3), Row(float("nan"))]}, "`rows[3].total`: the float nan"),
    (Invoice(rows=[Row(1), Row(object())]), "`rows[1].total`: an object of the type 'object'"),
    (Invoice(rows=[Row({1: 1, "1": 2})]), "`rows[0].total`: two keys"),
    (Invoice(extra=[1, float("nan")]), "`extra[1]`: the float nan"),
    ([Text(content=b"\xff")], "`[0].content`: these bytes are not UTF-8 text: set ser_json_bytes"),
    ([Checked(1, Row(float("inf")))], "`[0].part.total`: the float inf"),
    (np.datetime64("2026-01-02"), "numpy's datetime64"),
    (np.array([1.0, np.nan]), "`[1]`: the float nan"),
    (np.complex128(1), "numpy's complex128"),
)


@pytest.mark.parametrize(("value", "written"), BY_TYPE)
def test_value_is_written_by_its_own_type(value: Any, written: Any) -> None:
    """The result has only JSON's types."""
    assert json.dumps(json_value(value)) == json.dumps(written)


class EvasiveDict(dict[str, int]):
    def items(self) -> Any:
        raise OSError("none to be had")


class EvasiveFrame:
    def __getattr__(self, name: str) -> Any:
        raise KeyError(name)


class FalseDict:
    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return dict


class EvasiveText(str):
    __slots__ = ()

    def isascii(self) -> bool:
        return True


@pytest.mark.parametrize(
    "make", [lambda: EvasiveDict(a=1), EvasiveFrame, FalseDict, lambda: EvasiveText("\ud800")]
)
def test_value_that_raises_cannot_be_written(make: Callable[[], object]) -> None:
    """An author's type may have methods that raise: the job fails for good, and the path names the place."""
    with pytest.raises(UnwritableError, match=r"^`rows\[1\]`: "):
        json_value({"rows": [1, make()]})


@pytest.mark.parametrize(("value", "problem"), UNWRITABLE, ids=[problem for _, problem in UNWRITABLE])
def test_value_that_json_cannot_hold_is_named_by_its_path(value: Any, problem: str) -> None:
    """The first such value is named."""
    with pytest.raises(UnwritableError) as raised:
        json_value(value)
    assert problem in str(raised.value)


types = some.sampled_from(
    [int, float, str, bool, bytes, date, datetime, Decimal, UUID, Colour, Path, timedelta]
)


@settings(deadline=None)
@given(some.data())
def test_own_types_write_what_pydantic_writes(data: some.DataObject) -> None:
    """Both write the same, except for the alphabet of base64."""
    kind = data.draw(types)
    values = {
        float: some.floats(allow_nan=False, allow_infinity=False),
        int: some.integers(-(10**300), 10**300),
        Decimal: some.decimals(allow_nan=False, allow_infinity=False),
        Path: some.just(Path("a/b")),
    }
    value = data.draw(values.get(kind, some.from_type(kind)))
    adapter: TypeAdapter[Any] = TypeAdapter(kind, config=ConfigDict(ser_json_bytes="base64"))
    written = adapter.dump_python(value, mode="json")
    expected = written.replace("-", "+").replace("_", "/") if kind is bytes else written
    assert json.dumps(json_value([value])) == json.dumps([expected])
