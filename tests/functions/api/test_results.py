"""The results of flows."""

from typing import Any

import pytest

from tests.functions.harness import System, output


def run(system: System, flow: str, parameters: dict[str, Any]) -> Any:
    """Return the status of a job of the project `results` after one delivery."""
    job_id = system.submit(f"results/{flow}", parameters=parameters).body["id"]
    system.deliver()
    return system.status(job_id)


def test_result_is_written_by_the_return_annotation(system: System) -> None:
    """It writes models, dataclasses, dates and decimal numbers; bytes are base64, as they were sent."""
    parameters = {"line": {"article": "pen", "pieces": 2}, "scan": "/z4+Pw=="}
    due = {"total": "3.00", "due": "2026-01-31"}
    assert output(run(system, "bill", parameters)) == {**parameters, **due}
    refused = system.submit("results/bill", parameters={**parameters, "scan": "no base64"})
    assert (refused.status, refused.body["detail"]["errors"][0]["path"]) == (422, "parameters.scan")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("object", "ResultError: `rows[1].total`: an object of the type 'object'"),
        ("huge", "the number is too large"),
        ("keys", "two keys are both written as '1'"),
        ("nan", "float"),
        ("surrogate", "surrogates"),
        ("large", "104857600"),
        ("deep", "32 levels"),
        ("tuples", "32 levels"),
    ],
)
def test_result_that_is_not_json(system: System, kind: str, said: str) -> None:
    """A value that cannot be a result fails the job at once, with its type in the error."""
    status = run(system, "return-value", {"kind": kind})
    assert (status["state"], status["attempt"]) == ("failed", 1)
    assert said in status["error"]
