"""The serialization of return values by their annotations."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

import numpy as np
import pytest
from pydantic import Field, PlainSerializer
from pydantic.dataclasses import dataclass as model_dataclass

from noukai.flow._return_type import says_no_more
from noukai.flow.runtime import ReturnType, UnwritableError
from noukai_functions.build.schema import output_schema
from tests.unit.invoices import Invoice, Row, SecretInvoice, Text


class Colour(Enum):
    RED = "red"


@model_dataclass
class Checked:
    count: int
    part: Row | None = None


@dataclass
class Part:
    what: Any


class Named(NamedTuple):
    content: bytes
    what: Any


INVOICE = {"rows": [{"total": 3, "picture": ""}], "due": "2026-01-02", "netPrice": "1.50", "extra": None}
CYCLE: list[Any] = []
CYCLE.append(CYCLE)

WRITTEN: tuple[tuple[Any, Any, Any], ...] = (
    (Invoice, SecretInvoice(rows=[Row(3)]), INVOICE),
    (list[Invoice], [SecretInvoice(rows=[Row(3)])], [INVOICE]),
    (Row, Row(np.int64(1), b"\xff>>?"), {"total": 1, "picture": "/z4+Pw=="}),
    (list[Row] | None, None, None),
    (dict[str, Row], {"a": Row(1)}, {"a": {"total": 1, "picture": ""}}),
    (Annotated[bytes, Field(max_length=9)], b"\xff>>?", "/z4+Pw=="),
    (Annotated[float, PlainSerializer(lambda value: f"{value:.2f}", return_type=str)], 1.5, "1.50"),
    (Text, Text(content=b"text"), {"content": "text"}),
    (Invoice, {"rows": (1,), "at": date(2026, 1, 2)}, {"rows": [1], "at": "2026-01-02"}),
    (Part, Part(b"\xff"), {"what": "/w=="}),
    (list[Part], [Part(Row(1))], [{"what": {"total": 1, "picture": ""}}]),
    (Named, Named(b"\xff", b"\xff"), ["/w==", "/w=="]),
    (Decimal, Decimal("1e5000"), "1E+5000"),
    (int, "no number", "no number"),
    (np.float64, np.float64(1.5), 1.5),
    (type(len), [1], [1]),
)


@pytest.mark.parametrize(("annotation", "value", "written"), WRITTEN)
def test_annotation_says_how_values_are_written(annotation: Any, value: Any, written: Any) -> None:
    """A value that does not match it is written by its own type."""
    assert json.dumps(ReturnType(annotation).json_value(value)) == json.dumps(written)


@pytest.mark.parametrize(
    ("annotation", "value", "problem"),
    [
        (list[Row], [Row(1), Row(float("nan"))], "`[1].total`: the float nan"),
        (dict[str, list[Row]], {"rows": [Row(1), Row(object())]}, "`rows[1].total`: an object"),
        (Invoice, Invoice(extra={1: 1, "1": 2}), "`extra`: two keys"),
        (list[Text], [Text(content=b"\xff")], "`[0].content`: these bytes"),
        (Text, Text(content=b"\xff"), "`content`: these bytes"),
        (list[Part], [Part(range(2))], "`[0].what`: an object of the type 'range'"),
        (Sequence[Row], range(2), "an object of the type 'range'"),
        (Decimal, Decimal("sNaN"), "the Decimal sNaN"),
        (Invoice, Invoice(extra=[Decimal("Infinity")]), "`extra[0]`: the Decimal Infinity"),
        (Invoice, CYCLE, "deeper than 32 levels"),
        (Row, Row(10**5000), "`total`: the number is too large"),
    ],
)
def test_annotation_hides_no_unwritable_value(annotation: Any, value: Any, problem: str) -> None:
    """pydantic alone would write null, or one of two values, or not name the place."""
    with pytest.raises(UnwritableError) as raised:
        ReturnType(annotation).json_value(value)
    assert problem in str(raised.value)


SAY_NO_MORE: tuple[Any, ...] = (
    None,
    Any,
    object,
    Colour,
    int | None,
    Literal["a", 1],
    dict[str, list[datetime]],
    tuple[int, ...],
    set[UUID],
    Path | Decimal | bytes,
)


@pytest.mark.parametrize("annotation", SAY_NO_MORE)
def test_annotation_of_values_that_write_themselves_needs_no_pydantic(annotation: Any) -> None:
    assert says_no_more(annotation)


@pytest.mark.parametrize("annotation", [Invoice, list[Row], Annotated[int, Field(ge=1)], "Row", Checked])
def test_annotation_that_says_more_is_heard(annotation: Any) -> None:
    assert not says_no_more(annotation)


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (Any, {}),
        (int, {"type": "integer"}),
        (list[date] | None, {"type": ["array", "null"], "items": {"type": "string", "format": "date"}}),
        (type(len), {}),
        (np.float64, {}),
    ],
)
def test_schema_describes_what_is_written(annotation: Any, schema: Any) -> None:
    """An annotation that pydantic does not know allows anything."""
    assert output_schema(ReturnType(annotation)) == schema


def test_schema_of_bytes_and_models() -> None:
    """Bytes are base64, or UTF-8 where a model says so; names are those on the wire."""
    schema = output_schema(ReturnType(tuple[bytes, Invoice]))
    first, second = schema["prefixItems"]
    assert (first["contentEncoding"], second) == ("base64", {"$ref": "#/$defs/Invoice"})
    assert {"netPrice", "due"} <= schema["$defs"]["Invoice"]["properties"].keys()


PLAIN_RESULT = """
import sys
from noukai.flow import flow
from noukai.flow.runtime import ReturnType
def returns() -> dict[str, list[int]]: return {"a": [1]}
run = flow(returns)
run.prepare()
assert run.returns.json_value(run()) == {"a": [1]}
print(sorted({"pydantic", "pydantic_core", "numpy"} & sys.modules.keys()))
"""


def test_plain_results_load_no_library() -> None:
    """pydantic is a third of a worker's start-up time."""
    done = subprocess.run([sys.executable, "-c", PLAIN_RESULT], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
