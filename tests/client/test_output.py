"""Outputs as values of types that the caller has."""

import pickle
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from noukai import ExecuteResult, JobStatus, NoukaiError, OutputMismatchError


class Colour(Enum):
    RED = "red"


class Invoice(BaseModel):
    model_config = ConfigDict(strict=True)

    due: date
    total: Decimal = Field(alias="totalPrice")


@dataclass
class Scan:
    picture: bytes
    colour: Colour


INVOICE = {"due": "2026-01-31", "totalPrice": "1.50"}


def result_of(output: Any) -> ExecuteResult:
    return ExecuteResult(status="completed", output=output)


@pytest.mark.parametrize(
    ("kind", "output", "value"),
    [
        (Invoice, INVOICE, Invoice(due=date(2026, 1, 31), totalPrice=Decimal("1.50"))),
        (list[Invoice], [], []),
        (Scan, {"picture": "/z4+Pw==", "colour": "red"}, Scan(b"\xff>>?", Colour.RED)),
        (bytes, "/z4+Pw==", b"\xff>>?"),
        (bytes, "_z4-Pw", b"\xff>>?"),
        (set[int], [1, 2], {1, 2}),
        (int | None, None, None),
        (Annotated[list[int], Field(json_schema_extra={"examples": [[1]]})], [1], [1]),
        (Any, {"a": 1}, {"a": 1}),
    ],
)
def test_output_is_read_as_a_type(kind: Any, output: Any, value: Any) -> None:
    """The type reads what the flow's return annotation has written."""
    assert result_of(output).output_as(kind) == value
    status = JobStatus(
        id="job_1", state="completed", created_at="2026-01-01T00:00:00.000Z", result=result_of(output)
    )
    assert status.output_as(kind) == value


def test_output_of_another_type_is_an_error() -> None:
    """The error names the place and the reason, and can be pickled."""
    with pytest.raises(OutputMismatchError) as raised:
        result_of([INVOICE, {**INVOICE, "due": "soon"}]).output_as(list[Invoice])
    assert isinstance(raised.value, NoukaiError)
    assert str(raised.value).startswith("the output is not a list[")
    (error,) = raised.value.errors
    assert error["path"] == "1.due"
    assert f"1.due: {error['message']}" in str(raised.value)
    again: Any = pickle.loads(pickle.dumps(raised.value))
    assert (again.errors, str(again)) == (raised.value.errors, str(raised.value))
    with pytest.raises(OutputMismatchError, match="and 95 more"):
        result_of(["x"] * 100).output_as(list[int])


def test_job_without_an_output_is_an_error() -> None:
    """It may still run, have failed, or have an output that was not fetched."""
    status = JobStatus(id="job_1", state="running", created_at="2026-01-01T00:00:00.000Z")
    with pytest.raises(OutputMismatchError, match="job_1 is running and has no output"):
        status.output_as(int)
    with pytest.raises(OutputMismatchError, match="behind a URL"):
        ExecuteResult(status="completed", output_url="https://host/").output_as(int)
