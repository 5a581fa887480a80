"""Lists: of a flow, a project and an org, filtered, page by page."""

import json
from typing import Any

from noukai_functions.jobs.lifecycle import START_WITHIN_MS, State
from noukai_functions.jobs.row import order
from noukai_wire.routes import Route
from tests.functions.harness import System
from tests.functions.requests.lists import ADD, LISTS, job_of, listed, operations, submit
from tests.functions.stand_ins.calls import hook


def test_jobs_are_statuses_without_results_newest_first(system: System) -> None:
    """Each equals its status, without its result."""
    old = submit(system)
    system.deliver()
    new = submit(system, options={"metadata": {"team": "ü"}})
    answer = system.send(Route.LIST_JOBS, **ADD)
    whole = system.status(old)
    assert whole.pop("result")
    assert answer.body == {"jobs": [system.status(new), whole]}


def test_lists_of_a_flow_a_project_and_an_org(system: System) -> None:
    """A list holds the jobs below its path; all three are sorted by age."""
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
    """A page has as many jobs as requested, 20 by default; the last one has no cursor, full or not."""
    ids = [submit(system) for _ in range(21)][::-1]
    first = system.send(Route.LIST_JOBS, **ADD).body
    assert [job["id"] for job in first["jobs"]] == ids[:20]
    last = system.send(Route.LIST_JOBS, query=f"cursor={first['cursor']}", **ADD).body
    assert [[job["id"] for job in last["jobs"]], last.keys()] == [ids[20:], {"jobs"}]
    for limit in (1, 2, 7, 21, 22, 100):
        assert listed(system, f"limit={limit}") == ids
    assert "cursor" not in system.send(Route.LIST_JOBS, query="limit=21", **ADD).body


def test_page_fits_into_the_limit_of_lambda(system: System) -> None:
    """A page of large metadata is shorter than requested, and the next one continues there."""
    text = "\N{GRINNING FACE}"
    metadata = {f"{name:02}{text * 62}": text * 256 for name in range(16)}
    ids = [submit(system, options={"metadata": metadata}) for _ in range(100)][::-1]
    page = system.send(Route.LIST_JOBS, query="limit=100", **ADD).body
    assert len(json.dumps({"body": json.dumps(page)})) < 6_291_556
    assert 0 < len(page["jobs"]) < 100
    assert listed(system, "limit=100") == ids


def test_states(system: System) -> None:
    """A list of one state holds the jobs that are in it now."""
    done = submit(system)
    system.deliver()
    cancelled, waiting = submit(system), submit(system)
    system.send(Route.CANCEL_BY_ID, id=cancelled)
    assert [listed(system, f"state={state}") for state in State] == [[waiting], [], [done], [], [cancelled]]
    assert listed(system, "state=pending&limit=1") == [waiting]


def test_spans_of_time(system: System) -> None:
    """`createdAfter` is included, `createdBefore` is not, in any time zone."""
    ids = [submit(system) for _ in range(3)]  # at 22:13:21, :22 and :23
    day = "2023-11-14T"
    assert listed(system, f"createdAfter={day}22:13:22Z") == [ids[2], ids[1]]
    assert listed(system, f"createdAfter={day}22:13:22.0001Z") == [ids[2]]
    assert listed(system, f"createdBefore={day}22:13:22Z") == [ids[0]]
    assert listed(system, f"createdBefore={day}22:13:22.0001Z") == [ids[1], ids[0]]
    assert listed(system, f"createdAfter={day}23:13:22%2B01:00&createdBefore={day}22:13:23Z") == [ids[1]]
    assert listed(system, f"createdAfter={day}22:13:22Z&createdBefore={day}22:13:22Z") == []
    assert (
        listed(system, "createdAfter=0001-01-01T00:00:00Z&createdBefore=9999-12-31T00:00:00Z&limit=1")
        == ids[::-1]
    )


def keep_in_index(system: System, position: str) -> None:
    """Keep a position in each partition of the index that the table no longer has."""

    below: list[str] = []

    def note(asked: dict[str, Any]) -> None:
        below.append(asked["ExpressionAttributeValues"][":below"]["S"])

    def add(answer: dict[str, Any]) -> None:
        if position < below.pop() and "LastEvaluatedKey" not in answer:
            found = [*answer["Items"], {"lo": {"S": position}}]
            answer["Items"] = sorted(found, key=lambda item: str(item["lo"]["S"]), reverse=True)

    hook(system.deployment.table.client, "Query", before=note, after=add)


def test_expired_jobs_are_not_listed(system: System) -> None:
    """A job is not listed from the second it expires, even before its row is deleted."""
    job = submit(system)
    system.deliver()
    system.clock.time += 7 * 24 * 3600 * 1000 - 1000
    assert listed(system) == [job]
    system.clock.time += 1000
    assert listed(system) == []


def test_id_that_is_used_again_is_listed_once(system: System) -> None:
    """A job that reuses an expired one's id is listed at its own age, even if the index has the old entry."""
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


def test_deleted_row_is_skipped(system: System) -> None:
    """The index may name a job for a moment after its row is deleted."""
    kept, gone = submit(system), submit(system)
    stale = order(system.row(gone))
    system.deployment.table.client.delete_item(TableName="jobs", Key={"id": {"S": gone}})
    keep_in_index(system, stale)
    assert listed(system, "limit=1") == [kept]


def test_listing_fails_overdue_jobs(system: System) -> None:
    """A list fails overdue jobs, as every read does."""
    job = submit(system)
    system.clock.time += START_WITHIN_MS
    assert listed(system, "state=pending") == []
    assert listed(system, "state=failed") == [job]


def leave_rows_unread(system: System, most: int) -> None:
    """Let DynamoDB return only that many rows, and leave the others unprocessed as if too large."""

    def cut(answer: dict[str, Any]) -> None:
        rows = answer["Responses"]["jobs"]
        if left := rows[most:]:
            answer["UnprocessedKeys"] = {"jobs": {"Keys": [{"id": row["id"]} for row in left]}}
        del rows[most:]

    hook(system.deployment.table.client, "BatchGetItem", after=cut)


def test_rows_that_are_too_large_together(system: System) -> None:
    """What DynamoDB leaves out of an answer comes with the next page; nothing is skipped."""
    ids = [submit(system) for _ in range(5)][::-1]
    leave_rows_unread(system, 2)
    assert len(system.send(Route.LIST_JOBS, **ADD).body["jobs"]) == 2
    assert listed(system) == ids


def test_rows_that_cannot_be_read(system: System) -> None:
    """If no row can be read, the caller is asked to come again."""
    submit(system)
    leave_rows_unread(system, 0)
    answer = system.send(Route.LIST_JOBS, **ADD)
    assert (answer.status, answer.code, answer.headers["Retry-After"]) == (503, "UNAVAILABLE", "1")


def test_work_of_a_page_is_bounded(system: System) -> None:
    """If few jobs are in the requested state, a page stays short: it reads at most 400 rows."""
    for number in range(410):
        system.deployment.table.create(job_of(number), 0)
    del system.calls[:]
    first = system.send(Route.LIST_JOBS, query="state=running", **ADD).body
    assert (first["jobs"], "cursor" in first) == ([], True)
    assert operations(system).count("BatchGetItem") == 4
    assert operations(system).count("Query") <= 8
    del system.calls[:]
    last = system.send(Route.LIST_JOBS, query=f"state=running&cursor={first['cursor']}", **ADD).body
    assert last == {"jobs": []}
    assert operations(system).count("BatchGetItem") == 1


def test_requests_of_a_page(system: System) -> None:
    """A page of a flow is one query of each partition, and one consistent read of all its rows."""
    for _ in range(30):
        submit(system)
    del system.calls[:]
    system.send(Route.LIST_JOBS, **ADD)
    assert operations(system) == ["Query"] * 4 + ["BatchGetItem"]
    asked = system.calls[-1][1]["RequestItems"]["jobs"]
    assert (len(asked["Keys"]), asked["ConsistentRead"]) == (20, True)
    assert "r" not in asked["ProjectionExpression"].split(", ")
