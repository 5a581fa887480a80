"""`execute`: a submission whose answer is held until the job has ended."""

from collections.abc import Callable
from typing import Any

import pytest

from noukai_wire.errors import ErrorCode
from noukai_wire.models import ExecuteAnswer
from noukai_wire.routes import Route
from tests.functions.harness import Answer, System, assert_refused
from tests.functions.stand_ins.calls import unreachable

KEY = {"idempotency-key": "order 66"}


def execute(system: System, flow: str = "add", *, headers: Any = None, **body: Any) -> Answer:
    return system.send(Route.EXECUTE, body=body, headers=headers, org="acme", project="trial", flow=flow)


def meanwhile(system: System, act: Callable[[], object], *, at_look: int = 3) -> None:
    """Do something while the request is held, before a look at the job."""
    system.clock.while_asleep = lambda: act() if len(system.clock.slept) == at_look else None


def operations(system: System) -> list[str]:
    return [operation for operation, _ in system.calls]


def test_answer_is_the_result(system: System) -> None:
    """When the job has completed, the answer has its output under both names."""
    meanwhile(system, system.deliver)
    answer = execute(system, parameters={"a": 1})
    job_id = answer.body["executionId"]
    ids = {"executionId": job_id, "flowId": "acme/trial/add", "blockCount": 1}
    assert (answer.status, answer.body) == (200, {"status": "completed", "output": 2, "result": 2, **ids})
    assert ExecuteAnswer.model_validate(answer.body).result == 2
    assert system.status(job_id)["state"] == "completed"


def test_failed_job_is_answered(system: System) -> None:
    """A failed job is answered with 200, its status and its error, without an output."""
    meanwhile(system, system.deliver)
    answer = execute(system, "refuse")
    assert (answer.status, answer.body["status"]) == (200, "failed")
    assert answer.body["error"] == "PermanentError: never again"
    assert not {"output", "result"} & answer.body.keys()


def test_cancelled_job_is_answered_as_failed(system: System) -> None:
    """A job cancelled in the meantime is answered as failed: the published SDKs know no other end."""
    meanwhile(system, lambda: system.send(Route.CANCEL_BY_ID, id=system.jobs()[0]))
    answer = execute(system, parameters={"a": 1})
    assert (answer.status, answer.body["status"], answer.body["error"]) == (200, "failed", "cancelled")


def test_job_that_takes_too_long_goes_on(system: System) -> None:
    """25 seconds after the gateway received the request, the answer is a 504 with the job's location."""
    begun = system.clock.time
    answer = execute(system, parameters={"a": 1})
    assert (answer.status, answer.code) == (504, "EXECUTE_TIMEOUT")
    assert system.clock.time - begun == 25_000
    job_id = answer.body["detail"]["id"]
    assert answer.headers["Location"] == f"/api/v1/seq/acme/trial/add/jobs/{job_id}"
    assert job_id in answer.body["detail"]["message"]
    system.deliver()
    assert system.status(job_id)["result"]["output"] == 2


def test_time_counts_from_the_gateway(system: System) -> None:
    """A request that reaches the function late is not answered later."""
    begun = system.clock.time
    system.at_gateway = begun - 10_000
    assert execute(system, parameters={"a": 1}).code == "EXECUTE_TIMEOUT"
    assert system.clock.time - begun == 15_000


def test_looks_are_bounded(system: System) -> None:
    """A whole hold is a submission and at most 70 looks of half a read unit, at most half a second apart."""
    execute(system, parameters={"a": 1})
    looks = [parameters for operation, parameters in system.calls if operation == "GetItem"]
    jobs = [each for each in looks if each["TableName"] == "jobs"]
    assert len(jobs) <= 70
    assert not any(each["ConsistentRead"] for each in jobs)
    assert max(system.clock.slept) <= 0.5
    assert [name for name in operations(system) if name != "GetItem"] == ["PutItem", "SendMessage"]


def test_short_job_costs_two_looks(system: System) -> None:
    """The second look finds a job that ends within 200 ms."""
    meanwhile(system, system.deliver, at_look=2)
    del system.calls[:]
    assert execute(system, parameters={"a": 1}).status == 200
    assert sum(system.clock.slept) == pytest.approx(0.25)


def test_same_key_is_the_same_job(system: System) -> None:
    """A repeated `execute`, or a submission, returns the result of the first and does not run it again."""
    meanwhile(system, system.deliver)
    first = execute(system, parameters={"a": 1}, headers=KEY)
    del system.calls[:], system.clock.slept[:]
    again = execute(system, parameters={"a": 1}, headers=KEY)
    assert (again.status, again.body) == (200, first.body)
    assert (operations(system), system.clock.slept) == (["PutItem"], [])
    assert system.submit(parameters={"a": 1}, headers=KEY).body["id"] == first.body["executionId"]


def test_execution_takes_up_a_submitted_job(system: System) -> None:
    """Its key names the submitted job; another body with that key is a conflict."""
    job_id = system.submit(parameters={"a": 1}, headers=KEY).body["id"]
    assert execute(system, parameters={"a": 2}, headers=KEY).code == "IDEMPOTENCY_CONFLICT"
    meanwhile(system, system.deliver)
    assert execute(system, parameters={"a": 1}, headers=KEY).body["executionId"] == job_id


def test_failed_look_is_answered_with_the_id_of_the_job(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the caller might repeat the request without a key, which would start another job."""

    def fail(*_: object, **__: object) -> None:
        unreachable()

    monkeypatch.setattr(type(system.deployment.table), "read", fail)
    answer = execute(system, parameters={"a": 1})
    assert (answer.status, answer.code) == (504, "EXECUTE_TIMEOUT")
    assert answer.body["detail"]["id"].startswith("job_")


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"flow": "nothing"}, ErrorCode.FLOW_NOT_FOUND),
        ({"version": "v2"}, ErrorCode.FLOW_NOT_FOUND),
        ({"org": "globex"}, ErrorCode.FORBIDDEN),
        ({"raw": "{"}, ErrorCode.INVALID_JSON),
        ({"body": {"parameters": {"a": "one"}}}, ErrorCode.INVALID_INPUT),
        ({"flow": "greet", "body": {}}, ErrorCode.MISSING_MESSAGE),
        ({"headers": {"idempotency-key": "ä"}}, ErrorCode.INVALID_INPUT),
        (
            {"body": {"parameters": {"a": 1}, "options": {"runAt": "2023-11-14T22:13:30Z"}}},
            ErrorCode.INVALID_INPUT,
        ),
    ],
)
def test_wrong_submission_is_not_executed(system: System, sent: dict[str, Any], code: ErrorCode) -> None:
    """What a submission may not do is refused here too, and so is a start that no hold would outlast."""
    route = Route.EXECUTE_VERSION if "version" in sent else Route.EXECUTE
    request = {"org": "acme", "project": "trial", "flow": "add", "body": {"parameters": {"a": 1}}, **sent}
    assert_refused(system, system.send(route, **request), code)


@pytest.mark.parametrize("scopes", [("submit",), ("read",), ("cancel", "usage")], ids=str)
def test_key_must_allow_to_submit_and_to_read(system: System, scopes: tuple[str, ...]) -> None:
    """The answer shows the job's result, which a key that may only submit may not see."""
    system.add_key("nk_less", "acme", scopes=scopes)
    system.key = "nk_less"
    del system.calls[:]
    assert_refused(system, execute(system, parameters={"a": 1}), ErrorCode.FORBIDDEN)


def test_first_version_is_the_flow_itself(system: System) -> None:
    """`v0` executes the flow itself."""
    meanwhile(system, system.deliver)
    answer = system.send(
        Route.EXECUTE_VERSION,
        body={"parameters": {"a": 1}, "trace": False},
        org="acme",
        project="trial",
        flow="add",
        version="v0",
    )
    assert answer.body["result"] == 2
