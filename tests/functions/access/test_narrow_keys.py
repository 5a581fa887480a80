"""Keys that are limited to certain flows or addresses."""

from typing import Any

import pytest

from noukai_functions.access.addresses import are_narrower, is_within
from noukai_wire.routes import Route
from noukai_wire.scopes import Scope
from tests.functions.access.test_tenants import BODIES, BODY
from tests.functions.harness import System

ADD = {"org": "acme", "project": "trial", "flow": "add"}
GREET = {**ADD, "flow": "greet"}
SCHEDULE = {"flow": "trial/greet", "cron": "* * * * *", "message": "hello"}
OF_GREET = {
    Route.PUT_SCHEDULE: SCHEDULE,
    Route.CREATE_KEY: {"name": "wider", "flows": ["trial/greet"]},
    Route.MAKE_TOKEN: {"flow": "trial/greet", "origin": "https://app.example.com"},
}
"""The bodies by which a key would reach the other flow."""
ABOUT_THE_ORG = {
    route
    for route in Route
    if "project" not in route.variables
    and ("/webhooks" in route.template or route in (Route.LIST_ORG, Route.USAGE, Route.SYSTEM_HEALTH))
}


@pytest.fixture
def narrow(system: System) -> System:
    """Return the system with a job and a schedule of `greet`, and a key that is limited to `add`."""
    system.add_key("nk_wide", "acme", tuple(Scope))
    system.add_key("nk_narrow", "acme", tuple(Scope), flows=["trial/add"])
    system.key = "nk_wide"
    system.send(Route.PUT_SCHEDULE, name="greeting", body=SCHEDULE)
    system.send(Route.CREATE_KEY, body={"name": "greeting", "scopes": ["read"]})
    return system


def submitted(system: System, path: dict[str, str], body: Any) -> str:
    system.key = "nk_wide"
    answer = system.send(Route.SUBMIT, body=body, **path)
    system.key = "nk_narrow"
    return str(answer.body["id"])


def values(route: Route, job: str) -> dict[str, str]:
    known = {**GREET, "id": job, "name": "greeting", "version": "v0", "step": "attempt-1"}
    return {name: known[name] for name in route.variables}


@pytest.mark.parametrize("route", [each for each in Route if each.scopes], ids=lambda route: route.name)
def test_a_key_for_one_flow_cannot_touch_another_by_any_route(narrow: System, route: Route) -> None:
    """Below a flow and for the whole org it is refused; what an id or a name hides is unknown to it."""
    job = submitted(narrow, GREET, {"message": "hello"})
    row = narrow.row(job)
    answer = narrow.send(
        route,
        body={**BODIES, **OF_GREET, Route.STATUSES: {"ids": [job]}}.get(route, BODY),
        **values(route, job),
    )
    if route in (Route.LIST_SCHEDULES, Route.LIST_KEYS):
        assert list(answer.body.values()) == [[]]
    elif route is Route.STATUSES:
        assert [each["error"]["code"] for each in answer.body["jobs"]] == ["JOB_NOT_FOUND"]
    elif "project" in route.variables or route in {*ABOUT_THE_ORG, *OF_GREET}:
        assert (answer.status, answer.code) == (403, "FORBIDDEN")
        assert ("trial/add" in answer.body["detail"]["message"]) is (route is not Route.CREATE_KEY)
    else:
        assert answer.status == 404
    assert narrow.row(job) == row


def test_a_schedule_of_another_flow_cannot_be_replaced(narrow: System) -> None:
    """Its name is taken: redefining it for the key's own flow would delete what others rely on."""
    narrow.key = "nk_narrow"
    definition = {"flow": "trial/add", "cron": "* * * * *", **BODY}
    assert narrow.send(Route.PUT_SCHEDULE, name="greeting", body=definition).status == 403
    assert narrow.send(Route.PUT_SCHEDULE, name="adding", body=definition).status == 201
    assert [each["name"] for each in narrow.send(Route.LIST_SCHEDULES).body["schedules"]] == ["adding"]


def test_its_own_flow_is_all_there(narrow: System) -> None:
    """Submit, list, status by id and cancel by id are as for any other key."""
    job = submitted(narrow, ADD, BODY)
    assert narrow.send(Route.SUBMIT, body=BODY, **ADD).status == 202
    assert len(narrow.send(Route.LIST_JOBS, **ADD).body["jobs"]) == 2
    assert narrow.send(Route.STATUS_BY_ID, id=job).body["state"] == "pending"
    assert narrow.send(Route.CANCEL_BY_ID, id=job).body["state"] == "cancelled"
    assert [each["flow"] for each in narrow.send(Route.FLOWS).body["flows"]] == ["acme/trial/add"]


def test_a_key_for_a_project_covers_its_flows_and_their_list(narrow: System) -> None:
    """A project's name is no prefix: `trial` covers nothing of `trial-two`."""
    narrow.add_key("nk_project", "acme", tuple(Scope), flows=["trial"])
    narrow.key = "nk_project"
    assert narrow.send(Route.SUBMIT, body={"message": "hello"}, **GREET).status == 202
    assert narrow.send(Route.LIST_PROJECT, org="acme", project="trial").status == 200
    assert narrow.send(Route.LIST_PROJECT, org="acme", project="trial-two").status == 403


def test_an_unlimited_key_makes_no_more_requests_than_before(narrow: System) -> None:
    """A cancellation by id is still one write; a limited key first reads the flow of the job."""
    counts = {}
    for key in ("nk_wide", "nk_narrow"):
        job = submitted(narrow, ADD, BODY)
        narrow.key = key
        narrow.send(Route.FLOWS)
        del narrow.calls[:]
        narrow.send(Route.CANCEL_BY_ID, id=job)
        counts[key] = len(narrow.calls)
    assert counts["nk_narrow"] == counts["nk_wide"] + 1


@pytest.mark.parametrize(
    ("address", "is_allowed"),
    [
        ("203.0.113.9", True),
        ("203.0.114.9", False),
        ("2001:db8::1", True),
        ("2001:db9::1", False),
        ("::ffff:203.0.113.9", True),
        ("", False),
        ("nonsense", False),
    ],
)
def test_a_key_with_ranges_works_from_there_alone(system: System, address: str, is_allowed: bool) -> None:
    """The key is valid, so the answer is 403 and names the address; cached keys are checked, too."""
    system.add_key("nk_office", "acme", tuple(Scope), addresses=["203.0.113.0/24", "2001:db8::/32"])
    system.key = "nk_office"
    for _ in range(2):
        answer = system.send(Route.FLOWS, address=address)
        assert answer.status == (200 if is_allowed else 403)


@pytest.mark.parametrize(
    ("ranges", "than", "expected"),
    [
        (["10.1.0.0/16"], ["10.0.0.0/8"], True),
        (["10.0.0.0/8"], ["10.1.0.0/16"], False),
        (["10.1.0.0/16", "192.0.2.1/32"], ["10.0.0.0/8"], False),
        (["2001:db8:1::/48"], ["2001:db8::/32", "10.0.0.0/8"], True),
        (["2001:db8:1::/48"], ["0.0.0.0/0"], False),
    ],
)
def test_ranges_are_narrower_if_each_lies_within(ranges: list[str], than: list[str], expected: bool) -> None:
    """The versions of IP are never mixed."""
    assert are_narrower(ranges, than) is expected
    assert is_within(ranges[0].partition("/")[0], ranges)
