"""A used-up budget: within a minute, the org's submissions are refused, at no further request."""

from decimal import Decimal

import boto3
import pytest

from noukai_functions.jobs.lifecycle import State
from noukai_functions.names import JOB_ID
from noukai_functions.usage.budgets import CACHE_MS
from noukai_infra.operations.orgs.budgets import Budgets, Limits
from noukai_infra.stack.base.stream import GATHERED_SECONDS
from noukai_wire.errors import ErrorCode
from noukai_wire.routes import Route
from tests.functions.harness import Answer, System
from tests.functions.requests.test_submit_jobs import added, codes, ids
from tests.functions.requests.test_submit_jobs import submit as submit_batch
from tests.functions.stand_ins.stream import count, ended

A_MONTH = 31 * 24 * 60 * 60 * 1000


def submit(system: System, **headers: str) -> Answer:
    return system.submit(parameters={"a": 1}, headers=headers)


def refused(answer: Answer) -> bool:
    return (answer.status, answer.body.get("detail", {}).get("code")) == (402, ErrorCode.INSUFFICIENT_CREDITS)


@pytest.mark.parametrize(
    "limits", [(3, None), (None, Decimal("0.00006")), (3, Decimal(1)), (99, Decimal("0.00006"))]
)
def test_budget_of_jobs_or_usd_is_used_up(
    system: System, budgets: Budgets, limits: tuple[int | None, Decimal | None]
) -> None:
    """The third job of a second reaches either limit: 3 jobs, or 3 times 0.000020 USD."""
    jobs, usd = limits
    budgets.set("acme", Limits(jobs=jobs, usd=usd))
    count(system, [ended(1), ended(2)])
    assert submit(system).status == 202
    count(system, [ended(3)])
    system.expire_budgets()
    assert refused(submit(system))


def test_budget_is_an_orgs_own(system: System, budgets: Budgets) -> None:
    """Another org's submissions are accepted."""
    budgets.set("acme", Limits(jobs=1))
    count(system, [ended(1), ended(2, org="globex")])
    system.key = "nk_globex"
    answer = system.send(
        Route.SUBMIT, body={"parameters": {"a": 1}}, org="globex", project="trial", flow="add"
    )
    assert answer.status == 202


def test_org_is_refused_within_a_minute(system: System, budgets: Budgets) -> None:
    """A batch gathers for some seconds; each function notices at its next read."""
    budgets.set("acme", Limits(jobs=1))
    assert submit(system).status == 202
    count(system, [ended(1)])
    assert CACHE_MS / 1000 + GATHERED_SECONDS < 60
    system.expire_budgets()
    assert refused(submit(system))


def test_submission_costs_no_further_request(system: System, budgets: Budgets) -> None:
    """With or without a budget, one read serves all submissions of its cache time."""
    for _ in range(2):
        submit(system)
        for _ in range(5):
            del system.calls[:]
            submit(system)
            assert [operation for operation, _ in system.calls] == ["PutItem", "SendMessage"]
        system.expire_budgets()
        budgets.set("acme", Limits(jobs=10))


def test_known_job_is_returned(system: System, budgets: Budgets) -> None:
    """The same idempotency key returns the same job; only new jobs are refused."""
    budgets.set("acme", Limits(jobs=1))
    first = submit(system, **{"idempotency-key": "k"})
    count(system, [ended(1)])
    system.expire_budgets()
    again = submit(system, **{"idempotency-key": "k"})
    assert (again.status, again.body["id"]) == (202, first.body["id"])
    assert refused(submit(system, **{"idempotency-key": "l"}))


def test_known_job_costs_no_more_messages_than_without_a_budget(system: System, budgets: Budgets) -> None:
    """Within a delivery time, its key sends at most once more, however often it is repeated."""
    budgets.set("acme", Limits(jobs=1))
    submit(system, **{"idempotency-key": "k"})
    count(system, [ended(1)])
    system.expire_budgets()
    for _ in range(10):
        assert submit(system, **{"idempotency-key": "k"}).status == 202
    assert (system.messages(), len(system.jobs())) == (2, 1)


@pytest.mark.parametrize("is_deleted", [False, True], ids=["expired", "deleted"])
def test_key_whose_job_is_gone_is_refused(system: System, budgets: Budgets, *, is_deleted: bool) -> None:
    """It would make a new job, even if the old row is not deleted yet."""
    headers, options = {"idempotency-key": "k"}, {"keepSeconds": 3600}
    job_id = system.submit(parameters={"a": 1}, headers=headers, options=options).body["id"]
    system.deliver()
    system.clock.time += 3600_000
    if is_deleted:
        boto3.client("dynamodb").delete_item(TableName="jobs", Key={JOB_ID: {"S": job_id}})
    budgets.set("acme", Limits(jobs=1))
    count(system, [ended(1)])
    system.expire_budgets()
    del system.calls[:]
    assert refused(system.submit(parameters={"a": 1}, headers=headers, options=options))
    assert not {"PutItem", "SendMessage"} & {operation for operation, _ in system.calls}


def test_batch_repeats_known_jobs_and_is_refused_new_ones(system: System, budgets: Budgets) -> None:
    """Each submission of the batch is answered as if it came alone."""
    budgets.set("acme", Limits(jobs=1))
    known = added(1) | {"idempotencyKey": "k"}
    (first,) = ids(submit_batch(system, known))
    count(system, [ended(1)])
    system.expire_budgets()
    answer = submit_batch(system, known, added(2) | {"idempotencyKey": "l"}, added(3))
    assert codes(answer) == ["accepted", "INSUFFICIENT_CREDITS", "INSUFFICIENT_CREDITS"]
    assert answer.body["jobs"][0]["job"]["id"] == first


def test_refused_submission_leaves_nothing(system: System, budgets: Budgets) -> None:
    """There is no row and no message."""
    budgets.set("acme", Limits(jobs=1))
    count(system, [ended(1)])
    del system.calls[:]
    assert refused(submit(system))
    assert not {"PutItem", "SendMessage"} & {operation for operation, _ in system.calls}
    assert system.messages() == 0


def test_retry_is_refused_too(system: System, budgets: Budgets) -> None:
    """A retry is a submission."""
    budgets.set("acme", Limits(jobs=1))
    job = system.run("refuse")
    assert job["state"] == "failed", job
    count(system, [ended(1)])
    system.expire_budgets()
    assert refused(system.send(Route.RETRY_BY_ID, id=job["id"]))


def test_month_begins_with_a_whole_budget(system: System, budgets: Budgets) -> None:
    """Usage of the month before does not count."""
    budgets.set("acme", Limits(jobs=1))
    count(system, [ended(1)])
    system.clock.time += A_MONTH
    assert submit(system).status == 202


@pytest.mark.parametrize("change", ["raised", "cleared"])
def test_budget_that_is_changed_lets_submissions_in_again(
    system: System, budgets: Budgets, change: str
) -> None:
    """A raised budget still counts the earlier usage."""
    budgets.set("acme", Limits(jobs=2))
    count(system, [ended(1), ended(2)])
    assert refused(submit(system))
    if change == "raised":
        budgets.set("acme", Limits(jobs=3))
    else:
        assert budgets.clear("acme")
    system.expire_budgets()
    assert submit(system).status == 202
    count(system, [ended(3)])
    system.expire_budgets()
    assert refused(submit(system)) == (change == "raised")


def test_limit_that_is_not_named_stays(system: System, budgets: Budgets) -> None:
    """Setting a limit of unfinished jobs keeps the budget, and the answer has all limits."""
    budgets.set("acme", Limits(jobs=1))
    assert budgets.set("acme", Limits(unfinished=5)) == Limits(jobs=1, unfinished=5)
    count(system, [ended(1)])
    assert refused(submit(system))
    assert budgets.clear("acme")
    assert budgets.set("acme", Limits(later=2)) == Limits(later=2)


def test_budget_that_was_raised_meanwhile_is_not_marked(system: System, budgets: Budgets) -> None:
    """A process that compared with the old budget does not mark the new one."""
    budgets.set("acme", Limits(jobs=1))
    old = system.deployment.budgets.of("acme")
    budgets.set("acme", Limits(jobs=9))
    system.deployment.budgets.note_spent("acme", old, "2023-11")
    assert [row.spent for row in budgets.rows()] == [None]


def test_month_is_summed_up_only_when_the_rest_could_be_gone(system: System, budgets: Budgets) -> None:
    """Of two hundred single jobs, few are followed by a sum of the month, and none too late."""
    budgets.set("acme", Limits(jobs=200))
    looks, ends = 0, 0
    while system.deployment.budgets.of("acme").spent is None:
        ends += 1
        del system.calls[:]
        count(system, [ended(ends)])
        looks += [operation for operation, _ in system.calls].count("Query")
    assert ends == 200
    assert looks < 60


def test_state_of_a_budget_is_shown(budgets: Budgets, system: System) -> None:
    """It is listed by org, with its limits and the month in which it was used up."""
    budgets.set("globex", Limits(jobs=None, usd=Decimal("0.5")))
    budgets.set("acme", Limits(jobs=1))
    count(system, [ended(1, state=State.FAILED)])
    shown = [(row.org, row.limits.jobs, row.limits.usd, row.spent) for row in budgets.rows()]
    assert shown == [("acme", 1, None, "2023-11"), ("globex", None, Decimal("0.5"), None)]
    assert not budgets.clear("initech")


def test_budget_that_cannot_be_read(budgets: Budgets, system: System) -> None:
    """The list says why; the others are unchanged, and the org's jobs are accepted and counted."""
    budgets.set("acme", Limits(jobs=3))
    budgets.client.put_item(
        TableName="usage", Item={"o": {"S": "#budget"}, "k": {"S": "bad"}, "jobs": {"S": "many"}}
    )
    good, bad = budgets.rows()
    assert (good.org, good.limits.jobs, good.problem) == ("acme", 3, None)
    assert (bad.org, bad.problem) == ("bad", "it has no 'N'")
    budgets.client.put_item(
        TableName="usage", Item={"o": {"S": "#budget"}, "k": {"S": "acme"}, "jobs": {"S": "many"}}
    )
    count(system, [ended(1)])
    assert submit(system).status == 202
