"""Lists: of a flow, a project and an org, filtered, page by page."""

from dataclasses import replace
from typing import Any

import pytest

from functions.lifecycle import Job, State
from functions.row import order
from noukai_wire.errors import ErrorCode
from noukai_wire.models import JobList
from noukai_wire.routes import Route
from tests.functions.harness import Answer, System, assert_refused

ADD = {"org": "acme", "project": "trial", "flow": "add"}
LISTS = (Route.LIST, Route.LIST_PROJECT, Route.LIST_ORG)


def path_of(route: Route, **changes: str) -> dict[str, str]:
    """The variables that the gateway finds in the path of a route."""
    return {name: text for name, text in {**ADD, **changes}.items() if f"{{{name}}}" in route.template}


def submit(system: System, flow: str = "trial/add", **body: Any) -> str:
    """Submit a job a second after the one before."""
    system.clock.time += 1000
    job_id: str = system.submit(flow, **{"parameters": {"a": 1}, **body}).body["id"]
    return job_id


def listed(system: System, query: str = "", route: Route = Route.LIST, **path: str) -> list[str]:
    """The ids of all pages, in their order."""
    ids: list[str] = []
    cursor = ""
    for _ in range(100):
        answer = system.send(route, query="&".join(filter(None, [query, cursor])), **path_of(route, **path))
        assert answer.status == 200, answer.body
        page = JobList.model_validate(answer.body)
        ids += [job.id for job in page.jobs]
        if page.cursor is None:
            return ids
        cursor = f"cursor={page.cursor}"
    raise AssertionError("this never ends")


def operations(system: System) -> list[str]:
    return [operation for operation, _ in system.calls]


def test_jobs_are_statuses_without_results_newest_first(system: System) -> None:
    """Each job looks as its status does, but for its result."""
    old = submit(system)
    system.deliver()
    new = submit(system, options={"metadata": {"team": "ü"}})
    answer = system.send(Route.LIST, **ADD)
    whole = system.status(old)
    assert whole.pop("result")
    assert answer.body == {"jobs": [system.status(new), whole]}


def test_lists_of_a_flow_a_project_and_an_org(system: System) -> None:
    """A list holds the jobs of what its path names; all three are sorted by the jobs' ages."""
    greet: dict[str, Any] = {"flow": "trial/greet", "message": "x", "parameters": {}}
    ids = [submit(system, **body) for body in ({}, greet, {})]
    assert listed(system) == [ids[2], ids[0]]
    assert listed(system, flow="greet") == [ids[1]]
    assert listed(system, route=Route.LIST_PROJECT) == listed(system, route=Route.LIST_ORG) == ids[::-1]
    assert listed(system, "limit=1", Route.LIST_ORG) == ids[::-1]


def test_jobs_of_another_org_are_not_listed(system: System) -> None:
    """Two orgs that call the same flow see their own jobs."""
    submit(system)
    system.key = "nk_globex"
    for route in LISTS:
        assert listed(system, route=route, org="globex") == []


def test_pages(system: System) -> None:
    """A page holds so many jobs as are asked for, 20 by default, and the last one has no cursor, be it full or not."""
    ids = [submit(system) for _ in range(21)][::-1]
    first = system.send(Route.LIST, **ADD).body
    assert [job["id"] for job in first["jobs"]] == ids[:20]
    last = system.send(Route.LIST, query=f"cursor={first['cursor']}", **ADD).body
    assert [[job["id"] for job in last["jobs"]], last.keys()] == [ids[20:], {"jobs"}]
    for limit in (1, 2, 7, 21, 22, 100):
        assert listed(system, f"limit={limit}") == ids
    assert "cursor" not in system.send(Route.LIST, query="limit=21", **ADD).body


def test_states(system: System) -> None:
    """A list of one state holds the jobs that are in it now, whatever they were when they came."""
    done = submit(system)
    system.deliver()
    cancelled, waiting = submit(system), submit(system)
    system.send(Route.CANCEL_BY_ID, id=cancelled)
    assert [listed(system, f"state={state}") for state in State] == [[waiting], [], [done], [], [cancelled]]
    assert listed(system, "state=pending&limit=1") == [waiting]


def test_spans_of_time(system: System) -> None:
    """`createdAfter` is the first moment that counts and `createdBefore` the first that does not, in any time zone."""
    ids = [submit(system) for _ in range(3)]  # at 22:13:21, :22 and :23
    day = "2023-11-14T"
    assert listed(system, f"createdAfter={day}22:13:22Z") == [ids[2], ids[1]]
    assert listed(system, f"createdAfter={day}22:13:22.0001Z") == [ids[2]]
    assert listed(system, f"createdBefore={day}22:13:22Z") == [ids[0]]
    assert listed(system, f"createdBefore={day}22:13:22.0001Z") == [ids[1], ids[0]]
    assert listed(system, f"createdAfter={day}23:13:22%2B01:00&createdBefore={day}22:13:23Z") == [ids[1]]
    assert listed(system, f"createdAfter={day}22:13:22Z&createdBefore={day}22:13:22Z") == []
    assert listed(system, "createdAfter=0001-01-01T00:00:00Z&createdBefore=9999-12-31T00:00:00Z&limit=1") == ids[::-1]


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=1e1", "limit"),
        ("limit=-1", "limit"),
        ("limit=²", "limit"),
        ("limit=99999999999999999999999", "limit"),
        ("state=done", "state"),
        ("state=Pending", "state"),
        ("state=pending,failed", "state"),
        ("createdAfter=yesterday", "createdAfter"),
        ("createdAfter=2026-01-01T00:00:00", "createdAfter"),
        ("createdBefore=2026-01-01", "createdBefore"),
        ("createdBefore=1700000000000", "createdBefore"),
        ("createdAfter=2026-01-02T00:00:00Z&createdBefore=2026-01-01T00:00:00Z", "createdAfter"),
        ("cursor=x", "cursor"),
        ("cursor=größe", "cursor"),
        ("cursor=" + "A" * 5000, "cursor"),
        ("since=1", "since"),
    ],
)
@pytest.mark.parametrize("route", LISTS, ids=lambda route: route.name)
def test_wrong_queries(system: System, route: Route, query: str, path: str) -> None:
    """A query that is wrong is refused by the name of what is wrong, and nothing is looked up."""
    answer = system.send(route, query=query, **path_of(route))
    assert_refused(system, answer, ErrorCode.INVALID_INPUT)
    assert [error["path"] for error in answer.body["detail"]["errors"]] == [path]
    assert "Query" not in operations(system)


@pytest.fixture
def cursor(system: System) -> str:
    """That of the pending jobs of `add`, created before 2024."""
    submit(system)
    submit(system)
    answer = system.send(Route.LIST, query="limit=1&state=pending&createdBefore=2024-01-01T00:00:00Z", **ADD)
    del system.calls[:]
    return str(answer.body["cursor"])


def with_cursor(system: System, cursor: str, route: Route = Route.LIST, **changes: str) -> Answer:
    query = {"limit": "1", "state": "pending", "createdBefore": "2024-01-01T00:00:00Z", "cursor": cursor}
    path = path_of(route, **{name: changes.pop(name) for name in ADD if name in changes})
    fields = {name: value for name, value in {**query, **changes}.items() if value}
    return system.send(route, query="&".join(f"{name}={value}" for name, value in fields.items()), **path)


def test_cursor_of_its_own_list(system: System, cursor: str) -> None:
    """It goes on with pages of any size; the same moment may be spelled otherwise."""
    assert with_cursor(system, cursor, limit="100", createdBefore="2023-12-31T23:00:00-01:00").status == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "running"},
        {"state": ""},
        {"createdBefore": ""},
        {"createdBefore": "2024-01-01T00:00:01Z"},
        {"createdAfter": "2020-01-01T00:00:00Z"},
        {"flow": "greet"},
        {"route": Route.LIST_PROJECT},
        {"route": Route.LIST_ORG},
        {"org": "globex"},
    ],
    ids=str,
)
def test_cursor_from_elsewhere(system: System, cursor: str, changes: Any) -> None:
    """A cursor of another org, flow or filter is refused, and the answer says so."""
    system.key = "nk_globex" if "org" in changes else "nk_acme"
    answer = with_cursor(system, cursor, **changes)
    assert_refused(system, answer, ErrorCode.INVALID_INPUT)
    assert "cursor: belongs to no list of these jobs" in answer.body["detail"]["message"]
    assert "Query" not in operations(system)


def test_no_changed_cursor_is_taken(system: System, cursor: str) -> None:
    """Whichever sign of it is another one, it is refused."""
    for place in range(len(cursor) - 1):  # of the last sign some bits say nothing
        changed = cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
        assert with_cursor(system, changed).code == "INVALID_INPUT"


@pytest.mark.parametrize(
    ("route", "path", "code"),
    [
        (Route.LIST, {"flow": "nothing"}, ErrorCode.FLOW_NOT_FOUND),
        (Route.LIST, {"project": "nothing"}, ErrorCode.FLOW_NOT_FOUND),
        (Route.LIST, {"flow": "ad"}, ErrorCode.FLOW_NOT_FOUND),
        (Route.LIST, {"flow": ""}, ErrorCode.FLOW_NOT_FOUND),
        (Route.LIST_PROJECT, {"project": "nothing"}, ErrorCode.NOT_FOUND),
        (Route.LIST_PROJECT, {"project": "tri"}, ErrorCode.NOT_FOUND),
        (Route.LIST_PROJECT, {"project": ""}, ErrorCode.NOT_FOUND),
        (Route.LIST_PROJECT, {"project": "trial/add"}, ErrorCode.NOT_FOUND),
    ],
)
def test_what_is_not_here(system: System, route: Route, path: dict[str, str], code: ErrorCode) -> None:
    """A flow or a project that is not here is a 404, whatever the query is."""
    answer = system.send(route, query="limit=0", **path_of(route, **path))
    assert_refused(system, answer, code)


def keep_in_index(system: System, position: str) -> None:
    """Let each partition of the index still have a position that the table has no more."""

    def note(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["below"] = params["ExpressionAttributeValues"][":below"]["S"]

    def add(parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        if position < context["below"] and "LastEvaluatedKey" not in parsed:
            found = [*parsed["Items"], {"lo": {"S": position}}]
            parsed["Items"] = sorted(found, key=lambda item: str(item["lo"]["S"]), reverse=True)

    events = system.deployment.store.client.meta.events
    events.register("before-parameter-build.dynamodb.Query", note)
    events.register("after-call.dynamodb.Query", add)


def test_expired_jobs_are_not_listed(system: System) -> None:
    """A job is gone from its list in the second it expires, not when the table gets to it."""
    job = submit(system)
    system.deliver()
    system.clock.time += 7 * 24 * 3600 * 1000 - 1000
    assert listed(system) == [job]
    system.clock.time += 1000
    assert listed(system) == []


def test_id_that_is_used_again_is_listed_once(system: System) -> None:
    """The job that has an expired one's id now is listed at its own age, even if the index still knows the old one."""
    key = {"idempotency-key": "k"}
    job = submit(system, headers=key)
    old = order(system.row(job))
    system.deliver()
    system.clock.time += 8 * 24 * 3600 * 1000
    between = submit(system)
    assert submit(system, headers=key) == job
    keep_in_index(system, old)
    assert listed(system) == [job, between]
    assert listed(system, "limit=1") == [job, between]


def test_row_that_is_gone_is_passed_over(system: System) -> None:
    """The index may name a job for a moment longer than there is a row."""
    kept, gone = submit(system), submit(system)
    stale = order(system.row(gone))
    system.deployment.store.client.delete_item(TableName="jobs", Key={"id": {"S": gone}})
    keep_in_index(system, stale)
    assert listed(system, "limit=1") == [kept]


def test_job_that_nobody_will_run_is_settled(system: System) -> None:
    """A list settles what is overdue, as any read does."""
    job = submit(system)
    system.clock.time += 4 * 24 * 3600 * 1000
    assert listed(system, "state=pending") == []
    assert listed(system, "state=failed") == [job]


def leave_rows_unread(system: System, most: int) -> None:
    """Let DynamoDB answer with so many rows, and name the others as it does if they are too large together."""

    def cut(parsed: dict[str, Any], **_: Any) -> None:
        rows = parsed["Responses"]["jobs"]
        if left := rows[most:]:
            parsed["UnprocessedKeys"] = {"jobs": {"Keys": [{"id": row["id"]} for row in left]}}
        del rows[most:]

    system.deployment.store.client.meta.events.register("after-call.dynamodb.BatchGetItem", cut)


def test_rows_that_are_too_large_together(system: System) -> None:
    """What DynamoDB leaves out of one answer comes with the next page: it is short, and skips nothing."""
    ids = [submit(system) for _ in range(5)][::-1]
    leave_rows_unread(system, 2)
    assert len(system.send(Route.LIST, **ADD).body["jobs"]) == 2
    assert listed(system) == ids


def test_rows_that_cannot_be_read(system: System) -> None:
    """If there is no step forward, the caller is asked to come again."""
    submit(system)
    leave_rows_unread(system, 0)
    answer = system.send(Route.LIST, **ADD)
    assert (answer.status, answer.code, answer.headers["Retry-After"]) == (503, "UNAVAILABLE", "1")


def test_work_of_a_page_is_bounded(system: System) -> None:
    """Where few jobs are in the state that is asked for, a page stays short: it reads 400 rows at most."""
    for number in range(410):
        system.deployment.store.create(job_of(number), 0)
    del system.calls[:]
    first = system.send(Route.LIST, query="state=running", **ADD).body
    assert (first["jobs"], "cursor" in first) == ([], True)
    assert operations(system).count("BatchGetItem") == 4
    assert operations(system).count("Query") <= 8
    del system.calls[:]
    last = system.send(Route.LIST, query=f"state=running&cursor={first['cursor']}", **ADD).body
    assert last == {"jobs": []}
    assert operations(system).count("BatchGetItem") == 1


def job_of(number: int) -> Job:
    """A job that has waited for so many milliseconds."""
    now = 1_700_000_000_000
    job = Job(
        id=f"job_{number:026}",
        org="acme",
        flow="trial/add",
        state=State.PENDING,
        created_at=now - number,
        attempt=0,
        max_attempts=1,
        digest=b"",
        keep_seconds=3600,
        give_up_at=now + 10_000_000,
    )
    return replace(job, metadata={"number": str(number)})


def test_requests_of_a_page(system: System) -> None:
    """A page of a flow is one question to each partition, and one consistent read of all its rows."""
    for _ in range(30):
        submit(system)
    del system.calls[:]
    system.send(Route.LIST, **ADD)
    assert operations(system) == ["Query"] * 4 + ["BatchGetItem"]
    asked = system.calls[-1][1]["RequestItems"]["jobs"]
    assert (len(asked["Keys"]), asked["ConsistentRead"]) == (20, True)
    assert "r" not in asked["ProjectionExpression"].split(", ")
