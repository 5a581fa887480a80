"""The exact cost of a job: an added write or request changes a figure here."""

from collections import Counter
from dataclasses import replace
from statistics import median

import pytest

from tests.bench import prices
from tests.bench.account.capacity import item_bytes
from tests.bench.account.life import MAP_SIZE, Event, Life
from tests.bench.account.lives import DEFAULT, SHORT, UNITS, Account, Bill


@pytest.fixture(scope="module")
def job(account: Account) -> Bill:
    """Return the bill of a job of 200 ms that is submitted and waited for."""
    return account.play(Life(), SHORT, jobs=1)


def units(bill: Bill, *stages: str) -> tuple[float, ...]:
    return tuple(bill.per_job(item, *stages) for item in UNITS)


def test_submit(job: Bill) -> None:
    """A submission is one write, with a unit for the index of lists, and one send."""
    assert job.meter.operations("submit") == ["PutItem", "SendMessage"]
    assert units(job, "submit") == (1, 1, 2, 1, 0)


def test_worker(job: Bill) -> None:
    """The worker claims and settles a short job; the event source receives and deletes its message."""
    assert job.meter.operations("claim", "run", "settle") == ["UpdateItem", "UpdateItem"]
    assert units(job, "claim", "run", "settle") == (0, 1, 2, 2, 0)
    assert job.per_job("read_units", "claim", "run", "settle") == 0


def test_wait(job: Bill) -> None:
    """Waiting for a short job is one request, which writes nothing and reads three units at most."""
    assert units(job, "wait", "status") == (1, 1, 0, 0, 0)
    assert job.per_job("read_units", "wait", "status") <= 3


def test_execution(account: Account) -> None:
    """`execute` is one request, not two; it writes and sends as a submission does, and reads half units."""
    bill = account.play(Life(event=Event.EXECUTED), SHORT, jobs=1)
    first, second, *looks = bill.meter.operations("execute")
    assert (first, second, set(looks)) == ("PutItem", "SendMessage", {"GetItem"})
    assert units(bill, "execute") == (1, 1, 2, 1, 0)
    assert units(bill) == (1, 3, 5, 3, 0)
    assert bill.per_job("read_units") <= 2


def test_longest_execution(account: Account) -> None:
    """Holding a request for twenty seconds reads at most thirty units: a tenth of the price of holding it."""
    bill = account.play(Life(milliseconds=20_000, event=Event.EXECUTED), DEFAULT, jobs=1)
    assert bill.per_job("read_units", "execute") <= 30
    assert units(bill, "execute") == (1, 1, 2, 1, 0)
    reading = prices.usd("read_units", bill.per_job("read_units", "execute"))
    assert reading < 0.1 * prices.usd("gb_seconds", bill.per_job("gb_seconds", "execute"))


def test_whole_job(job: Bill) -> None:
    """Three write units, one of them the index's; one more to count a lone job; one send, no byte of log."""
    assert units(job) == (2, 4, 5, 3, 0)


def test_counting_a_lone_job(job: Bill) -> None:
    """Counting one ended job is an invocation and a write, without a read."""
    assert job.meter.operations("metering") == ["UpdateItem"]
    assert units(job, "metering") == (0, 1, 1, 0, 0)
    assert job.usd_per_million("metering") < 0.9


def test_counting_under_load(account: Account) -> None:
    """Jobs that end together are counted together: ten of one flow share an invocation and a write."""
    bill = account.play(Life(), replace(SHORT, batch_size=10), jobs=10)
    assert bill.meter.operations("metering") == ["UpdateItem"]
    assert (bill.per_job("write_units", "metering"), bill.per_job("lambda_requests", "metering")) == (
        0.1,
        0.1,
    )
    assert bill.usd_per_million("metering") < 0.1


def test_long_visibility_costs_one_request(account: Account) -> None:
    """A visibility longer than a lease is shortened while the flow runs, in one request for a batch."""
    bill = account.play(Life(), DEFAULT, jobs=1)
    assert bill.meter.operations("claim") == ["UpdateItem"]
    assert bill.meter.operations("run") == ["ChangeMessageVisibilityBatch"]


def test_batch_of_ten(account: Account) -> None:
    """Ten jobs share an invocation, a receive, a deletion and a count; each costs four write units."""
    bill = account.play(Life(), replace(SHORT, batch_size=10), jobs=10)
    assert (
        bill.meter.amount("lambda_requests", "run"),
        bill.meter.amount("sqs_requests", "claim", "settle"),
    ) == (1, 2)
    assert bill.per_job("write_units") == 4.1
    assert bill.per_job("api_requests", "wait", "status") <= 1.2
    assert median(bill.late) <= 0.25


def test_hundred_jobs_that_are_mapped(account: Account) -> None:
    """One request submits them, with ten sends and two write units each; one look asks for all that are left.

    The submitting function first reads the caller's key and the org's budget.
    """
    bill = account.play(Life(event=Event.MAPPED), replace(SHORT, batch_size=10), jobs=MAP_SIZE)
    assert Counter(bill.meter.operations("submit")) == {"GetItem": 2, "PutItem": 100, "SendMessageBatch": 10}
    assert units(bill, "submit") == (0.01, 0.01, 2, 0.1, 0)
    looks = bill.meter.operations("statuses").count("BatchGetItem")
    assert looks <= 4
    assert units(bill, "statuses") == (looks / 100, looks / 100, 0, 0, 0)
    assert bill.per_job("read_units", "statuses") <= 2.5
    assert units(bill)[2:] == (4.01, 0.3, 0)
    assert bill.usd_per_million() < 3.5
    assert median(bill.late) <= 1.5


def test_status(account: Account) -> None:
    """A status is one consistent read."""
    bill = account.play(Life(event=Event.LOOKED_AT), SHORT, jobs=1)
    assert bill.meter.operations("status") == ["GetItem"]
    assert (units(bill, "status"), bill.per_job("read_units", "status")) == ((1, 1, 0, 0, 0), 1)


def test_page_of_a_list(account: Account) -> None:
    """Twenty jobs are four queries of the index, half a unit each, and one consistent read of all rows."""
    account.play(Life(), SHORT, jobs=20)
    bill = account.play(Life(event=Event.LISTED), SHORT, jobs=1)
    assert bill.meter.operations("list") == ["Query"] * 4 + ["BatchGetItem"]
    assert (units(bill, "list"), bill.per_job("read_units", "list")) == ((1, 1, 0, 0, 0), 22)


def test_job_that_is_cancelled_before_it_runs(account: Account) -> None:
    """Cancelling is one write without a read; the worker saves the input, and its claim is refused."""
    bill = account.play(Life(event=Event.CANCELLED_IN_TIME), SHORT, jobs=1)
    assert bill.meter.operations("cancel") == ["UpdateItem"]
    assert bill.meter.operations("claim", "run", "settle") == ["UpdateItem", "PutItem"]


def test_job_that_is_cancelled_as_it_runs(account: Account) -> None:
    """The refused outcome is billed too; the worker notes that the code has stopped, and saves the input.

    The end and the stop are counted, in one write if they are in one batch.
    """
    bill = account.play(Life(event=Event.CANCELLED), SHORT, jobs=1)
    assert bill.meter.operations("claim", "run", "settle") == ["UpdateItem"] * 3 + ["PutItem"]
    assert bill.per_job("write_units") == 8


def test_failed_attempt(account: Account) -> None:
    """A failed attempt costs a release, a claim, four SQS requests, and its exception in both logs."""
    bill = account.play(Life(event=Event.ATTEMPT_FAILS), SHORT, jobs=1)
    assert bill.per_job("write_units") == 8
    assert bill.meter.operations("claim", "run", "settle").count("PutItem") == 1
    assert bill.meter.operations("claim", "run", "settle").count("ChangeMessageVisibilityBatch") == 1
    assert bill.per_job("sqs_requests") == 5
    assert 400 < bill.per_job("log_bytes") < 1000


def test_sweep_reads_a_job_once_a_day(account: Account) -> None:
    """A row that is kept for a week costs half a read unit: a scan rounds its pages up, not its rows."""
    bill = account.play(Life(), SHORT, jobs=1)
    assert 0.3 < bill.per_job("read_units", "sweep") < 0.8
    assert bill.usd_per_million("sweep") < 0.1


def test_job_that_runs_later(account: Account) -> None:
    """A schedule costs one invocation, a dollar per million, and half a read to detect a repeated one."""
    bill = account.play(Life(event=Event.SCHEDULED), SHORT, jobs=1)
    # An hour later, the function's caches of the key and of the org's limits have expired.
    assert bill.meter.operations("submit") == ["GetItem", "GetItem", "GetItem", "CreateSchedule", "PutItem"]
    assert (units(bill, "submit"), units(bill, "schedule")) == ((1, 1, 2, 0, 0), (0, 0, 0, 1, 0))
    assert (bill.per_job("schedules"), prices.usd("schedules", 1_000_000)) == (1, 1.0)
    assert bill.meter.operations("claim", "run", "settle") == ["UpdateItem", "UpdateItem"]
    assert units(bill, "claim", "run", "settle") == (0, 1, 2, 2, 0)


def test_retry_by_the_caller(account: Account) -> None:
    """A retry reads the old job and its input; the rest is a submission."""
    bill = account.play(Life(event=Event.RETRIED), SHORT, jobs=1)
    assert bill.meter.operations("retry") == ["GetItem", "GetItem", "PutItem", "SendMessage"]


def test_ten_minutes_of_heartbeats(account: Account) -> None:
    """Ten minutes of a worker's watch cost less than 50 USD per million jobs."""
    bill = account.play(Life(milliseconds=600_000, is_awaited=False), DEFAULT, jobs=1)
    beats = Counter(bill.meter.operations("run"))
    assert (beats["UpdateItem"], beats["ChangeMessageVisibilityBatch"]) == (29, 30)
    read, write, hide = (
        bill.meter.amount(item, "run") for item in ("read_units", "write_units", "sqs_requests")
    )
    assert (write, hide) == (29, 30)
    usd = prices.usd("read_units", read) + prices.usd("write_units", write) + prices.usd("sqs_requests", hide)
    assert usd * 1_000_000 < 50


def test_size_of_a_finished_row(account: Account) -> None:
    """With 300 bytes of input and 500 of result, a row stays far below the kilobyte of one write unit."""
    account.play(Life(), SHORT, jobs=1)
    rows = account.rows()
    assert max(item_bytes(row) for row in rows if len(row["r"]["S"]) == 500) < 800


def unswept(bill: Bill) -> dict[tuple[str, str], float]:
    """Return all amounts except bytes: a timestamp that ends with zeros is shorter."""
    return {
        key: amount for key, amount in bill.meter.amounts.items() if key[0] not in ("sweep", "kept", "egress")
    }


def test_price_does_not_grow_with_the_table(account: Account, job: Bill) -> None:
    """A job among two thousand rows makes the same calls and costs the same as a lone one."""
    account.add_rows(2000)
    crowded = account.play(Life(), SHORT, jobs=1)
    assert crowded.meter.calls == job.meter.calls
    assert unswept(crowded) == unswept(job)
    assert {operation for _, operation in crowded.meter.calls} == {
        "PutItem",
        "GetItem",
        "UpdateItem",
        "SendMessage",
    }
