"""A job as a row, and back."""

from dataclasses import fields
from typing import Any

from noukai_functions.jobs.lifecycle import Job, Payload, State
from noukai_functions.jobs.row import NAMES, decode, encode

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
    """One that is new is read as it is written, of whatever type it is."""
    job = Job(**{field.name: SAMPLES.get(field.type, {"name": "value"}) for field in fields(Job)})
    assert {field.name for field in fields(Job)} == NAMES.keys()
    assert decode(encode(job)) == job
