"""The exact cost of a job's log."""

import zlib
from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from tests.bench import prices
from tests.bench.account import passing
from tests.bench.account.life import Life
from tests.bench.account.lives import DEFAULT, SHORT, Account, Bill

if TYPE_CHECKING:
    from noukai_functions.logs.attempt_log import AttemptLog

LINES = "".join(
    f"image {Random(number).getrandbits(32):08x} is resized in {37 * number % 91} ms\n"
    for number in range(107)
)


@pytest.fixture
def printing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every flow print the lines while it begins."""
    begin = passing.PassingProcess.begin

    def begun(process: passing.PassingProcess, call: Any, log: "AttemptLog") -> None:
        begin(process, call, log)
        log.hear(0, LINES.encode())

    monkeypatch.setattr(passing.PassingProcess, "begin", begun)


def difference(quiet: Bill, talking: Bill) -> Mapping[tuple[str, str], float]:
    """Return what one takes more than the other while the job is worked on."""
    stages = ("claim", "run", "settle")
    keys = {key for key in (*quiet.meter.amounts, *talking.meter.amounts) if key[0] in stages}
    found = {key: talking.meter.amounts[key] - quiet.meter.amounts[key] for key in keys}
    return {key: amount for key, amount in found.items() if amount}


def test_log_of_a_kilobyte(account: Account, request: pytest.FixtureRequest) -> None:
    """It is one more write of one unit and the milliseconds that it takes, and no byte of CloudWatch."""
    assert 900 < len(zlib.compress(LINES.encode())) <= 1024
    quiet = account.play(Life(), SHORT, jobs=1)
    request.getfixturevalue("printing")
    talking = account.play(Life(), SHORT, jobs=1)
    more = difference(quiet, talking)
    assert more.keys() == {("settle", "write_units"), ("run", "gb_seconds")}
    assert more["settle", "write_units"] == 1
    assert sum(prices.usd(item, 1_000_000 * amount) for (_, item), amount in more.items()) <= 0.8


@pytest.mark.usefixtures("printing")
def test_log_of_a_long_job_that_nobody_follows(account: Account) -> None:
    """Lines that it prints at its begin are stored once, at the next third of the lease."""
    bill = account.play(Life(milliseconds=100_000, is_awaited=False), replace(DEFAULT), jobs=1)
    assert bill.meter.operations("run").count("PutItem") == 1
    assert bill.meter.operations("settle").count("PutItem") == 0
