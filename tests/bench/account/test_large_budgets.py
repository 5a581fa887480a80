"""The exact cost of a job with a large input or result."""

import pytest

from noukai_wire.limits import MAX_RESULT_BYTES, MAX_ROW_RESULT_BYTES
from tests.bench.account.life import Life
from tests.bench.account.lives import SHORT, UNITS, Account
from tests.bench.crossover import usd_as_object, usd_in_row


def test_result_that_is_too_large_for_its_row(account: Account) -> None:
    """The result is put once and got once, and its row stays small; one in its row needs no request."""
    bill = account.play(Life(result_bytes=MAX_ROW_RESULT_BYTES + 1), SHORT, jobs=1)
    assert bill.meter.operations("claim", "run", "settle") == ["UpdateItem", "PutObject", "UpdateItem"]
    assert bill.meter.operations("wait", "status").count("GetObject") == 1
    assert tuple(map(bill.per_job, UNITS)) == (2, 4, 5, 3, 0)
    assert (bill.per_job("s3_puts"), bill.per_job("s3_gets")) == (1, 1)
    bill = account.play(Life(result_bytes=MAX_ROW_RESULT_BYTES), SHORT, jobs=1)
    assert (bill.per_job("s3_puts"), bill.per_job("s3_gets")) == (0, 0)


def test_result_beyond_an_answer_is_looked_at(account: Account) -> None:
    """Only its existence is checked: the client gets it from S3 itself, not through the API."""
    bill = account.play(Life(result_bytes=MAX_RESULT_BYTES + 1), SHORT, jobs=1)
    assert [each for each in bill.meter.operations("wait", "status") if each != "GetItem"] == ["HeadObject"]
    assert (bill.per_job("s3_gets", "wait"), bill.per_job("s3_gets", "objects")) == (1, 1)
    assert bill.per_job("bytes_out", "submit", "wait") < 3000


def test_limit_of_a_row_is_where_an_object_costs_less() -> None:
    """Only prices decide: a request to S3 costs the same for every size, a write costs by the kilobyte."""
    assert usd_in_row(MAX_ROW_RESULT_BYTES) < usd_as_object() < usd_in_row(MAX_ROW_RESULT_BYTES + 1)


@pytest.mark.parametrize(("kilobytes", "writes", "requests", "puts"), [(8, 13, 3, 0), (100, 5, 5, 1)])
def test_larger_jobs(account: Account, *, kilobytes: int, writes: int, requests: int, puts: int) -> None:
    """An input is in the message alone; a result is written once, in the row or beside it."""
    size = kilobytes * 1024
    bill = account.play(Life(input_bytes=size, result_bytes=size), SHORT, jobs=1)
    assert (bill.per_job("write_units"), bill.per_job("sqs_requests")) == (writes, requests)
    assert bill.per_job("s3_puts") == puts
