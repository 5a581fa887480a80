"""A job as a row, and back."""

from dataclasses import fields
from typing import Any

import pytest

from noukai_functions.jobs.lifecycle import Job, Payload, State
from noukai_functions.jobs.row import FORMAT, NAMES, decode, encode
from noukai_functions.refusals import UnreadableRowError

SAMPLES: dict[object, Any] = {
    str: "text",
    str | None: "text",
    int: 7,
    int | None: 7,
    bytes: b"\x00" * 16,
    State: State.RUNNING,
    Payload | None: Payload("key", 3, "00"),
}


def test_every_field_of_a_job_comes_back_from_its_row() -> None:
    """New fields are read as they are written, whatever their type."""
    job = Job(**{field.name: SAMPLES.get(field.type, {"name": "value"}) for field in fields(Job)})
    assert {field.name for field in fields(Job)} == NAMES.keys()
    assert decode(encode(job)) == job


def test_row_of_a_later_version_is_not_misread() -> None:
    """Its values may mean something else; today's rows have no version, which would cost at each write."""
    row = encode(Job("job_a", "acme", "demo/echo", State.PENDING, 1, 0, 1, b"", 1, 1))
    assert FORMAT not in row
    assert decode({**row, "zz": {"S": "new"}}) == decode(row)
    with pytest.raises(UnreadableRowError, match="a later version has written it, in the format 2"):
        decode({**row, FORMAT: {"N": "2"}})
