"""The options of a submission: the wire, the client, the command and the documents know the same ones."""

import inspect
from pathlib import Path

import pytest

from noukai import JobOptions, ScheduleOptions
from noukai._core.sending.submission import submission
from noukai.cli.automation.schedules import put as put_schedule
from noukai.cli.main import submit
from noukai.cli.map_command import map_inputs
from noukai_wire.models import SubmitOptions

ROOT = Path(__file__).parents[3]
OF_THE_CLIENT = {"idempotency_key", "retry_for"}
"""Options of a call that its body does not hold."""
INPUT = {"message", "parameters"}


def test_client_takes_the_options_of_the_wire() -> None:
    """The options of the wire, of the calls and of their types are the same."""
    assert JobOptions.__annotations__.keys() == SubmitOptions.model_fields.keys() | OF_THE_CLIENT
    assert inspect.signature(submission).parameters.keys() == JobOptions.__annotations__.keys() | INPUT


def test_schedule_takes_the_options_that_say_how_its_jobs_run() -> None:
    """In the call and in the command: all but those that say when a job starts."""
    options = SubmitOptions.model_fields.keys() - {"delay_seconds", "run_at"}
    assert ScheduleOptions.__annotations__.keys() >= options
    assert inspect.signature(put_schedule).parameters.keys() >= options


@pytest.mark.parametrize("command", [submit, map_inputs])
def test_command_takes_the_options_of_the_wire(command: object) -> None:
    """`noukai submit` and `noukai map` have an option for each."""
    assert callable(command)
    assert inspect.signature(command).parameters.keys() >= SubmitOptions.model_fields.keys()


@pytest.mark.parametrize(
    "option", [field.alias or name for name, field in SubmitOptions.model_fields.items()]
)
def test_callers_read_of_every_option(option: str) -> None:
    """The README of callers names it."""
    assert f"`{option}" in (ROOT / "client" / "README.md").read_text()
