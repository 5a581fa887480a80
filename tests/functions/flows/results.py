"""Flows whose results are not JSON values, some of which can be written as JSON."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from noukai.flow import flow


class Line(BaseModel):
    article: str
    pieces: Annotated[int, Field(ge=1, le=99)] = 1


@dataclass
class Bill:
    line: Line
    total: Decimal
    due: date
    scan: bytes


@flow
def bill(line: Line, scan: bytes) -> Bill:
    return Bill(line, Decimal("1.50") * line.pieces, date(2026, 1, 31), scan)


@flow
def return_value(
    kind: Literal["object", "huge", "keys", "nan", "large", "surrogate", "deep", "tuples"],
) -> Any:
    deep: Any = []
    for _ in range(40):
        deep = (deep,) if kind == "tuples" else [deep]
    large = "x" * 105_000_000
    values: dict[str, Any] = {
        "object": {"rows": [1, {"total": object()}]},
        "huge": 10**5000,
        "keys": {1: "a", "1": "b"},
        "nan": float("nan"),
        "large": large,
        "surrogate": "\ud800",
    }
    return values.get(kind, deep)
