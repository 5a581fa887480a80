"""The validation of the query, cursor and path of a list."""

from typing import Any

import pytest

from noukai_functions.jobs.lifecycle import State
from noukai_functions.requests.job_filter import FlowSet, parse_filter
from noukai_wire.errors import ErrorCode
from noukai_wire.routes import Route
from tests.functions.harness import Answer, System, assert_refused
from tests.functions.requests.lists import ADD, LISTS, operations, path_of, submit


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=1e1", "limit"),
        ("limit=-1", "limit"),
        ("limit=²", "limit"),
        ("limit=99999999999999999999999", "limit"),
        ("limit=0000000000500", "limit"),
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
    """The error names the wrong parameter, and nothing is looked up."""
    answer = system.send(route, query=query, **path_of(route))
    assert_refused(system, answer, ErrorCode.INVALID_INPUT)
    assert [error["path"] for error in answer.body["detail"]["errors"]] == [path]
    assert "Query" not in operations(system)


@pytest.fixture
def cursor(system: System) -> str:
    """Return the cursor of the pending jobs of `add` created before 2024."""
    submit(system)
    submit(system)
    answer = system.send(
        Route.LIST_JOBS, query="limit=1&state=pending&createdBefore=2024-01-01T00:00:00Z", **ADD
    )
    del system.calls[:]
    return str(answer.body["cursor"])


def with_cursor(system: System, cursor: str, route: Route = Route.LIST_JOBS, **changes: str) -> Answer:
    query = {"limit": "1", "state": "pending", "createdBefore": "2024-01-01T00:00:00Z", "cursor": cursor}
    path = path_of(route, **{name: changes.pop(name) for name in ADD if name in changes})
    fields = {name: value for name, value in {**query, **changes}.items() if value}
    return system.send(route, query="&".join(f"{name}={value}" for name, value in fields.items()), **path)


def test_cursor_of_its_own_list(system: System, cursor: str) -> None:
    """The page size may change, and the same time may be spelled otherwise."""
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
    """A cursor of another org, flow or filter is refused with that reason."""
    system.key = "nk_globex" if "org" in changes else "nk_acme"
    answer = with_cursor(system, cursor, **changes)
    assert_refused(system, answer, ErrorCode.INVALID_INPUT)
    assert "cursor: is not from a list of these jobs" in answer.body["detail"]["message"]
    assert "Query" not in operations(system)


def test_no_changed_cursor_is_taken(system: System, cursor: str) -> None:
    """A cursor with any one character changed is refused."""
    for place in range(len(cursor) - 1):  # some bits of the last character are unused
        changed = cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
        assert with_cursor(system, changed).code == "INVALID_INPUT"


@pytest.mark.parametrize(
    ("route", "path", "code"),
    [
        (Route.LIST_JOBS, {"flow": "nothing"}, ErrorCode.FLOW_NOT_FOUND),
        (Route.LIST_JOBS, {"project": "nothing"}, ErrorCode.FLOW_NOT_FOUND),
        (Route.LIST_JOBS, {"flow": "ad"}, ErrorCode.FLOW_NOT_FOUND),
        (Route.LIST_JOBS, {"flow": ""}, ErrorCode.FLOW_NOT_FOUND),
        (Route.LIST_PROJECT, {"project": "nothing"}, ErrorCode.NOT_FOUND),
        (Route.LIST_PROJECT, {"project": "tri"}, ErrorCode.NOT_FOUND),
        (Route.LIST_PROJECT, {"project": ""}, ErrorCode.NOT_FOUND),
        (Route.LIST_PROJECT, {"project": "trial/add"}, ErrorCode.NOT_FOUND),
    ],
)
def test_unknown_flow_and_project(
    system: System, route: Route, path: dict[str, str], code: ErrorCode
) -> None:
    """An unknown flow or project is a 404, whatever the query."""
    answer = system.send(route, query="limit=0", **path_of(route, **path))
    assert_refused(system, answer, code)


@pytest.mark.parametrize(
    "position", ["9" * 1025, "1700000000000#" + "j" * 1025, "1700000000000#job_\ud7ff", ""]
)
def test_forged_cursor(system: System, position: str) -> None:
    """Cursors are not secret: a forged one for these jobs is refused before AWS sees it."""
    catalog = system.deployment.catalog
    flow_set = FlowSet.named(path_of(Route.LIST_ORG), catalog, lambda _org, _flow: False)
    forged = parse_filter(flow_set, {}, among=frozenset(State)).cursor(position)
    answer = system.send(Route.LIST_ORG, query=f"cursor={forged}", **path_of(Route.LIST_ORG))
    assert_refused(system, answer, ErrorCode.INVALID_INPUT)
