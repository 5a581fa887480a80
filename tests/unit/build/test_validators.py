"""Submission and worker agree about which values are valid."""

import datetime as dt
from decimal import Decimal
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from pydantic import AwareDatetime, EmailStr, Field, Json, StringConstraints, TypeAdapter

from noukai_functions.build.validators.code import flow_validator
from noukai_functions.catalog.entries import Catalog
from tests.annotations import KEYS, LEAVES, annotations_of, values
from tests.validators import accepting, pydantic_takes_as_it_is, worker_takes

annotations = annotations_of(LEAVES, KEYS)


@given(annotation=annotations, value=values)
def test_worker_accepts_what_a_submission_accepts(annotation: Any, value: Any) -> None:
    """A worker accepts exactly what a submission accepts."""
    assert worker_takes(annotation, value) == (not accepting(annotation)(value))


@given(annotation=annotations, value=values)
def test_worker_never_takes_a_refused_value_unchanged(annotation: Any, value: Any) -> None:
    """At most it converts such a value: text to a number, a number to a date."""
    if pydantic_takes_as_it_is(annotation, value):
        assert not accepting(annotation)(value)


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (int, 1.0),
        (int, 1e30),
        (int, -0.0),
        (int, 10**300),
        (Annotated[int, Field(multiple_of=3)], 3e30),
        (Annotated[int, Field(le=10**30)], 1e30),
        (Annotated[Decimal, Field(max_digits=3)], 9.99),
        (dict[int, str], {"-01": ""}),
        (dict[Annotated[str, Field(pattern=r"^\p{L}$")], int], {"é": 1}),
        (set[int], [1, 1]),
        (Literal[1, "2", False], 1.0),
        (Literal[1, "2", False], "2"),
        (Literal[1, "2", False], False),
        (Annotated[set[int | str], Field(min_length=2)], [1, "1"]),
        (Annotated[str, Field(max_length=1)], "🎈"),
        (Annotated[float, Field(multiple_of=0.1)], 0.3),
        (dt.datetime, "2024-02-29T00:00Z"),
        (Json, "1"),
    ],
    ids=str,
)
def test_value_that_both_accept(annotation: Any, value: Any) -> None:
    """JSON Schema, Python and pydantic would differ on these."""
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
        (
            dict[Annotated[str, Field(pattern="^a$")], int],
            {"b": 1},
            """"b": String should match pattern '^a$'""",
        ),
        (dict[int, int], {"1.5": 1}, """"1.5": Input should be a valid integer"""),
        (IPv4Address, "1.2.3", "Expected 4 octets"),
        (EmailStr, "nobody", "must be an email address"),
        (Literal[2, "1", True], 1, "must be one of"),
        (Literal[2, "1", True], [2], "must be one of"),
        (Annotated[set[int], Field(min_length=1)], [1, 1.0], "must contain unique items"),
        (Annotated[set[int], Field(min_length=1)], [1e30, 10**30], "must contain unique items"),
        (set[Any], [[1]], "must be string or number or boolean or null"),
        (Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)], " ", "at least 1 character"),
        (Annotated[Decimal, Field(max_digits=3, decimal_places=1)], 100.0, "matches none of"),
        (Annotated[Decimal, Field(max_digits=3)], 9.999, "matches none of"),
        (Annotated[int, Field(multiple_of=3)], 1e18, "must be multiple of 3"),
        (Annotated[float, Field(multiple_of=3)], 1e30, "must be multiple of 3"),
        (Annotated[float, Field(lt=1e20)], 10**20 - 1, "must be smaller than or equal to"),
        (int, "1", "must be integer"),
        (dict[int, int], {"1_0": 1}, """"1_0": String should match pattern"""),
        (EmailStr, "a@localhost.localhost", "must be an email address"),
    ],
    ids=str,
)
def test_value_that_both_refuse(tmp_path: Path, annotation: Any, value: Any, said: str) -> None:
    """The submission's error is the worker's."""
    (tmp_path / "validators").mkdir()
    schema = flow_validator(TypeAdapter(annotation)).code
    (tmp_path / "validators" / "project.flow.py").write_text(schema, encoding="utf-8")
    ((_, message),) = Catalog(tmp_path, {}).errors_of("project/flow", value)
    assert said in message
    assert not worker_takes(annotation, value)
