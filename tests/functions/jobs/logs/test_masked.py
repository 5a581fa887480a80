"""Secrets: API keys and marked values of the environment are masked wherever a job shows text."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from noukai_wire.routes import Route
from tests.functions.harness import System
from tests.functions.jobs.logs.asking import messages, run

if TYPE_CHECKING:
    from noukai_functions.deployment import Deployment

PASSWORD = "correct horse battery"
KEY = "nk_" + "Zk3" * 14


@pytest.fixture
def secretive(system: System) -> Iterator[System]:
    """Yield the deployment with a secret in its environment."""
    secrets = {"PASSWORD": PASSWORD, "SECRET_ENVIRONMENT": "PASSWORD,ABSENT"}
    made: Deployment = replace(system.deployment, environment={**system.deployment.environment, **secrets})
    made.table = system.deployment.table
    made.queue = system.deployment.queue
    yield replace(system, deployment=made)
    made.processes.close()


def test_secret_is_masked_everywhere(secretive: System) -> None:
    """In lines, in the traceback, in the error, in the timeline, and in the error before a retry."""
    for secret in (PASSWORD, KEY):
        job_id = run(secretive, "report", message=f"it is {secret}!")
        shown = [
            secretive.send(route, id=job_id).body
            for route in (Route.STATUS_BY_ID, Route.LOGS_BY_ID, Route.EVENTS_BY_ID)
        ]
        assert secret not in str(shown)
        assert secretive.row(job_id).error == "ValueError: it is ***!"
        said = messages(secretive, job_id)
        assert said[0] == "it is ***!"
        assert said[1].endswith("\nValueError: it is ***!")
    again = run(secretive, "raise-after", message=PASSWORD)
    assert secretive.status(again)["lastError"] == "ValueError: ***"


def test_progress_is_masked(secretive: System) -> None:
    log = secretive.deployment.new_log(secretive.row(run(secretive, "silent")))
    assert log.masked({"percent": 1, "message": f"with {KEY}"}) == {"percent": 1, "message": "with ***"}
    assert log.masked({"percent": 1}) == {"percent": 1}


def test_secret_in_two_writes_of_a_line(secretive: System) -> None:
    """However the pieces come: a line is masked as a whole."""
    for cut in range(1, len(PASSWORD), 5):
        texts = [f"a {PASSWORD[:cut]}", f"{PASSWORD[cut:]} b\n"]
        assert messages(secretive, run(secretive, "write", parameters={"texts": texts})) == ["a *** b"]


def test_secret_where_a_long_line_is_cut(secretive: System) -> None:
    """The part before the cut is not left over."""
    line = "x" * (16 * 1024 - 5) + PASSWORD + "y" * 100_000
    (said,) = messages(secretive, run(secretive, "write", parameters={"texts": [line]}))
    assert "corr" not in said
