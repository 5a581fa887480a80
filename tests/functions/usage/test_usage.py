"""GET /usage: the usage of the caller's org."""

from decimal import Decimal

import pytest

from noukai_functions.jobs.lifecycle import State
from noukai_infra.operations.orgs.budgets import Budgets, Limits
from noukai_wire.errors import ErrorCode
from noukai_wire.limits import DEFAULT_LATER_JOBS, DEFAULT_UNFINISHED_JOBS
from noukai_wire.routes import Route
from tests.functions.harness import Answer, System
from tests.functions.stand_ins.stream import DAY, NOW, count, ended

A_DAY = 24 * 60 * 60 * 1000


@pytest.fixture(autouse=True)
def _key(system: System) -> None:
    system.add_key("nk_usage", "acme", scopes=("usage",))
    system.key = "nk_usage"


def usage(system: System, query: str = "") -> Answer:
    return system.send(Route.USAGE, query=query)


def test_usage_is_shown_by_day_and_flow_and_in_total(system: System) -> None:
    """It shows outcomes, attempts, compute and estimated cost, but no shards."""
    count(system, [ended(1), ended(2, state=State.FAILED, attempt=3)], "shardId-1")
    count(system, [ended(3, ran_ms=0), ended(4, completed_at=NOW + A_DAY)], "shardId-2")
    first: dict[str, float] = {"jobs": 3, "completed": 2, "failed": 1, "cancelled": 0, "attempts": 5}
    first |= {"computeMs": 2000, "gbSeconds": 2.0, "costUsd": round(3 * 0.000007 + 2 * 0.0000133334, 6)}
    answer = usage(system, f"from={DAY}&to=2023-11-15")
    assert (answer.status, answer.body["from"], answer.body["to"]) == (200, DAY, "2023-11-15")
    one, other = answer.body["days"]
    assert one == {"day": DAY, "flow": "acme/demo/echo", **first}
    assert (other["day"], other["jobs"], other["gbSeconds"]) == ("2023-11-15", 1, 1.0)
    assert answer.body["total"] == {
        **first,
        "jobs": 4,
        "completed": 3,
        "attempts": 6,
        "computeMs": 3000,
        "gbSeconds": 3.0,
        "costUsd": round(4 * 0.000007 + 3 * 0.0000133334, 6),
    }


def test_this_month_is_shown_by_default(system: System) -> None:
    """It goes from the first day until today; `from` alone ends today, `to` alone begins with its month."""
    for days in (-14, 0, 1):
        count(system, [ended(days + 20, completed_at=NOW + days * A_DAY)], f"shardId-{days}")
    shown = {
        query: [each["day"] for each in usage(system, query).body["days"]]
        for query in ("", "from=2023-10-31")
    }
    assert shown == {"": [DAY], "from=2023-10-31": ["2023-10-31", DAY]}
    assert usage(system, "to=2023-10-31").body == {
        "from": "2023-10-01",
        "to": "2023-10-31",
        **{
            name: usage(system, "from=2023-10-01&to=2023-10-31").body[name]
            for name in ("days", "total", "budget")
        },
    }


def test_usage_of_another_org_is_not_shown(system: System) -> None:
    """Each org sees its own."""
    count(system, [ended(1, org="globex")])
    report = usage(system, f"from={DAY}").body
    assert (report["days"], report["total"]["jobs"]) == ([], 0)


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("from=yesterday", "from"),
        ("to=2023-02-29", "to"),
        ("from=2023-11-15&to=2023-11-14", "from"),
        ("from=2022-11-14&to=2023-11-15", "from"),
        ("from=2023-11-1T00:00", "from"),
        ("from=2023-11-1", "from"),
        ("from=\u0662023-11-14", "from"),
    ],
)
def test_invalid_period(system: System, query: str, path: str) -> None:
    """The error names an invalid date, an end before the start, or a period of more than a year."""
    answer = usage(system, query)
    assert (answer.status, answer.code) == (422, ErrorCode.INVALID_INPUT)
    assert [error["path"] for error in answer.body["detail"]["errors"]] == [path]


def test_scope_is_needed(system: System) -> None:
    """A key with all other scopes is refused."""
    system.key = "nk_acme"
    assert (usage(system).status, usage(system).code) == (403, ErrorCode.FORBIDDEN)


def test_report_is_one_request(system: System) -> None:
    """It is one query, and nothing is written."""
    usage(system)
    del system.calls[:]
    usage(system)
    assert [operation for operation, _ in system.calls] == ["Query"]


def test_limits_are_shown_with_what_is_left(system: System, budgets: Budgets) -> None:
    """Of today's month, whatever the period; one read and one query tell it."""
    count(system, [ended(1), ended(2)], "shardId-1")
    count(system, [ended(3, completed_at=NOW - 20 * A_DAY)], "shardId-2")
    unlimited = usage(system).body["budget"]
    assert unlimited == {
        "month": "2023-11",
        "isUsedUp": False,
        "unfinishedJobs": DEFAULT_UNFINISHED_JOBS,
        "laterJobs": DEFAULT_LATER_JOBS,
        "reached": [],
    }
    budgets.set("acme", Limits(jobs=5, usd=Decimal(1), unfinished=7))
    system.expire_budgets()
    del system.calls[:]
    for query in ("", "from=2023-10-01&to=2023-10-31"):
        answer = usage(system, query).body
        shown = answer["budget"]
        assert (shown["jobs"], shown["jobsLeft"], shown["unfinishedJobs"]) == (5, 3, 7)
        cost = usage(system, f"from={DAY}&to={DAY}").body["total"]["costUsd"]
        assert (shown["usd"], shown["usdLeft"]) == (1.0, pytest.approx(1 - cost, abs=1e-6))
    assert [day["day"][:7] for day in answer["days"]] == ["2023-10"]
    asked = [operation for operation, sent in system.calls if sent["TableName"] == "usage"]
    assert asked == ["GetItem", *["Query"] * 4]


def test_used_up_budget_is_said(system: System, budgets: Budgets) -> None:
    budgets.set("acme", Limits(jobs=1))
    count(system, [ended(1), ended(2)], "shardId-1")
    system.expire_budgets()
    shown = usage(system).body["budget"]
    assert (shown["isUsedUp"], shown["jobsLeft"]) == (True, 0)
