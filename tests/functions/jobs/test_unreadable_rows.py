"""A row that none of our code wrote, or that is incomplete, harms no other row."""

from typing import Any

import pytest

from noukai_functions.jobs.row import FORMAT, NAMES
from noukai_wire.routes import Route
from tests.functions.harness import System, output
from tests.functions.jobs.sweeping import swept
from tests.functions.requests.lists import listed, path_of, submit
from tests.functions.stand_ins.stream import DAY, count, ended

SPOILT: dict[str, tuple[str, Any]] = {
    "no org": ("org", None),
    "no creation": ("created_at", None),
    "unknown state": ("state", {"S": "odd"}),
    "metadata that is no JSON": ("metadata", {"S": "{"}),
    "metadata without end": ("metadata", {"S": "[" * 10_000}),
    "progress that is no object": ("progress", {"S": "[1]"}),
    "result object that says nothing": ("result_object", {"S": "{}"}),
    "time after all years": ("started_at", {"N": "99999999999999999"}),
    "time before all years": ("completed_at", {"N": "-1"}),
    "attempt that is no whole number": ("attempt", {"N": "1.5"}),
    "attempt of another type": ("attempt", {"S": "1"}),
    "error of another type": ("error", {"L": []}),
    "format of a later version": ("format", {"N": "2"}),
}


def spoil(system: System, job_id: str, field: str, value: Any) -> None:
    """Change or remove an attribute of a row."""
    name = {**NAMES, "format": FORMAT}[field]
    change = {"Action": "DELETE"} if value is None else {"Action": "PUT", "Value": value}
    system.deployment.table.client.update_item(
        TableName="jobs",
        Key={"id": {"S": job_id}},
        AttributeUpdates={name: change},  # type: ignore[dict-item]
    )


@pytest.fixture(params=SPOILT)
def jobs(system: System, request: pytest.FixtureRequest) -> list[str]:
    """Return three jobs; the row of the second cannot be read."""
    ids = [submit(system) for _ in range(3)]
    spoil(system, ids[1], *SPOILT[request.param])
    return ids


def statuses(system: System, ids: list[str]) -> list[Any]:
    answer = system.send(Route.STATUSES, body={"ids": ids})
    assert answer.status == 200
    jobs: list[Any] = answer.body["jobs"]
    return jobs


def test_lists_have_an_error_beside_the_others(system: System, jobs: list[str]) -> None:
    answer = system.send(Route.LIST_JOBS, **path_of(Route.LIST_JOBS))
    assert [(each["id"], each["error"]["code"]) for each in answer.body["errors"]] == [
        (jobs[1], "JOB_NOT_FOUND")
    ]
    assert listed(system) == [jobs[2], jobs[0]]
    assert listed(system, "limit=1") == [jobs[2], jobs[0]]


def test_statuses_have_an_error_in_its_place(system: System, jobs: list[str]) -> None:
    """Another org gets the answer of an unknown id."""
    first, spoilt, last = statuses(system, jobs)
    assert (first["job"]["id"], last["job"]["id"]) == (jobs[0], jobs[2])
    assert (spoilt["id"], spoilt["error"]["code"]) == (jobs[1], "JOB_NOT_FOUND")
    system.key = "nk_globex"
    assert [each["error"]["code"] for each in statuses(system, jobs)] == ["JOB_NOT_FOUND"] * 3


@pytest.mark.parametrize("route", [Route.STATUS_BY_ID, Route.WAIT_BY_ID, Route.RETRY_BY_ID])
def test_it_alone_is_not_found(system: System, jobs: list[str], route: Route) -> None:
    """Its own org is told that it exists; another org gets the answer of an unknown id."""
    answer = system.send(route, id=jobs[1])
    row = system.deployment.table.client.get_item(TableName="jobs", Key={"id": {"S": jobs[1]}})["Item"]
    assert (answer.status, answer.code) == (404, "JOB_NOT_FOUND")
    assert ("cannot be read" in answer.body["detail"]["message"]) == ("o" in row)
    system.key = "nk_globex"
    assert "cannot be read" not in system.send(route, id=jobs[1]).body["detail"]["message"]


def test_it_is_cancelled_or_not_found(system: System, jobs: list[str]) -> None:
    """A write may repair the row, or is refused; another org gets the answer of an unknown id."""
    system.key = "nk_globex"
    assert system.send(Route.CANCEL_BY_ID, id=jobs[1]).status == 404
    system.key = "nk_acme"
    assert system.send(Route.CANCEL_BY_ID, id=jobs[1]).status in (200, 404)


def test_the_others_are_cancelled(system: System, jobs: list[str]) -> None:
    answer = system.send(Route.CANCEL_JOBS, body={}, **path_of(Route.CANCEL_JOBS))
    assert (answer.status, answer.body["cancelled"]) == (200, 2)
    assert [each["id"] for each in answer.body["errors"]] == [jobs[1]]
    assert {system.row(job_id).state for job_id in (jobs[0], jobs[2])} == {"cancelled"}


def test_the_others_run(system: System, jobs: list[str]) -> None:
    """They are in one batch of deliveries."""
    system.deliver()
    assert [output(system.status(job_id)) for job_id in (jobs[0], jobs[2])] == [2, 2]


def test_the_others_are_swept(system: System, jobs: list[str]) -> None:
    system.clock.time += 11 * 24 * 3600 * 1000
    assert swept(system) == 2
    assert {system.row(job_id).state for job_id in (jobs[0], jobs[2])} == {"failed"}


@pytest.mark.parametrize(
    "result", ["{", "NaN", "9" * 5000, "[" * 100_000, '"\\ud800'], ids=lambda text: text[:5]
)
def test_unreadable_result_is_lost(system: System, result: str) -> None:
    """Its entry is an error, among the other jobs."""
    ids = [submit(system) for _ in range(2)]
    system.deliver()
    spoil(system, ids[0], "result", {"S": result})
    lost, other = statuses(system, ids)
    assert lost["job"]["state"] == "completed"
    assert lost["job"]["error"].startswith("ResultLost: ")
    assert output(other["job"]) == 2
    assert system.send(Route.STATUS_BY_ID, id=ids[0]).status == 200


@pytest.mark.parametrize(
    "image", [{"c": {"N": "9" * 30}}, {"s": {"S": "odd"}}, {"e": {"S": "now"}}, {"g": {"S": "{"}}]
)
def test_the_others_are_metered(system: System, image: Any) -> None:
    """An unreadable record of the stream is skipped, with a line in the log."""
    spoilt = ended(1)
    spoilt["dynamodb"]["NewImage"] = {**spoilt["dynamodb"]["NewImage"], **image}
    count(system, [spoilt, ended(2)], "shardId-1")
    system.add_key("nk_usage", "acme", scopes=("usage",))
    system.key = "nk_usage"
    assert system.send(Route.USAGE, query=f"from={DAY}&to={DAY}").body["total"]["jobs"] == 1


def test_unreadable_sum_is_left_out_of_the_report(system: System) -> None:
    count(system, [ended(1)], "shardId-1")
    for key in (f"{DAY}/demo/echo/odd", f"{DAY}-odd"):
        item: Any = {"o": {"S": "acme"}, "k": {"S": key}, "c": {"N": "1"}}
        system.deployment.table.client.put_item(TableName="usage", Item=item)
    system.add_key("nk_usage", "acme", scopes=("usage",))
    system.key = "nk_usage"
    answer = system.send(Route.USAGE, query=f"from={DAY}&to={DAY}")
    assert (answer.status, answer.body["total"]["jobs"]) == (200, 1)
