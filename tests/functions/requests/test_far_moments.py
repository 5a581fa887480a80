"""Times at the ends of all years: they are refused before Python's calendar or AWS fails on them."""

import pytest

from noukai_wire.errors import ErrorCode
from noukai_wire.routes import Route
from tests.functions.harness import System

FAR = "9999-12-31T23:59:59.999999Z"


@pytest.mark.parametrize(
    "run_at", [FAR, "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "10000-01-01T00:00:00Z"]
)
@pytest.mark.parametrize("route", [Route.SUBMIT, Route.UPLOAD, Route.SUBMIT_JOBS, Route.EXECUTE])
def test_moments_at_the_ends_of_all_years(system: System, route: Route, run_at: str) -> None:
    """They are refused as too far or invalid; in a batch only their entry is refused."""
    options = {"options": {"runAt": run_at}}
    one = {"bytes": 10, "sha256": "0" * 64} if route is Route.UPLOAD else {"parameters": {"a": 1}}
    body = {"jobs": [one | options]} if route is Route.SUBMIT_JOBS else one | options
    answer = system.send(route, body=body, org="acme", project="trial", flow="add")
    if route is Route.UPLOAD and run_at.startswith("0001"):
        assert answer.status == 200  # a repetition comes after that time
        return
    refused = answer.body["jobs"][0]["error"] if route is Route.SUBMIT_JOBS else answer.body["detail"]
    assert refused["code"] == ErrorCode.INVALID_INPUT, answer.body


@pytest.mark.parametrize(
    "query", [f"createdAfter={FAR}", f"createdBefore={FAR}", "createdBefore=0001-01-01T00:00:00Z"]
)
def test_lists_until_the_end_of_all_years(system: System, query: str) -> None:
    """There are no jobs yet, which is no error."""
    assert system.send(Route.LIST_ORG, org="acme", query=query).status == 200


@pytest.mark.parametrize("query", ["from=9999-12-31&to=9999-12-31", "from=0001-01-01&to=0001-01-02"])
def test_use_at_the_ends_of_all_years(system: System, query: str) -> None:
    system.add_key("nk_usage", "acme", scopes=("usage",))
    system.key = "nk_usage"
    assert system.send(Route.USAGE, query=query).status == 200
