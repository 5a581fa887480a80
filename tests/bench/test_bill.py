"""The bill of a job is the README's, within the promise, and the one that budgets use."""

import re
from pathlib import Path

import pytest

from noukai_infra.planning.bill import UNITS, monthly, per_million
from noukai_infra.planning.load import Load
from noukai_infra.planning.plan import Plan
from noukai_infra.settings import Settings
from tests.bench import prices
from tests.bench.account.keeping import counted_together
from tests.bench.account.lives import Account, Bill
from tests.bench.bill import TARGETS, Desk, bills_of, readme_rows, recorded_cpu
from tests.bench.report import Section

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def bills(account: Account) -> dict[str, Bill]:
    """Return the bills of the README's table, with the CPU that was recorded."""
    return bills_of(Desk(account, recorded_cpu()))


def test_readme_states_the_bill(bills: dict[str, Bill]) -> None:
    """The operators' table has the rows that `make bench ARGS=bill` prints."""
    printed = Section("", ["", *bills], readme_rows(bills), {}).markdown()
    rows = [line for line in printed.splitlines() if line.startswith("| ")]
    readme = (ROOT / "infra" / "README.md").read_text()
    assert [row for row in rows[2:] if row not in readme] == []


def test_short_table_states_the_sums(bills: dict[str, Bill]) -> None:
    """The first page has the sums and nothing else."""
    readme = (ROOT / "README.md").read_text()
    table = readme.partition("| how the jobs come |")[2].partition("\n\n")[0]
    stated = re.findall(r"^\| .* \| ([\d.]+) \|$", table, re.MULTILINE)
    assert stated == [f"{bill.usd_per_million():.2f}" for bill in bills.values()]


@pytest.mark.parametrize("name", TARGETS)
def test_targets(bills: dict[str, Bill], name: str) -> None:
    """Each bill meets its target, with all costs included."""
    assert bills[name].usd_per_million() <= TARGETS[name]


def test_every_stage_is_in_the_table(bills: dict[str, Bill]) -> None:
    """The rows add up to the sum."""
    for place, bill in enumerate(bills.values(), start=1):
        stages = sum(float(row[place]) for row in readme_rows(bills)[:-2])
        assert stages == pytest.approx(bill.usd_per_million())


def test_budgets_count_what_a_job_costs(bills: dict[str, Bill]) -> None:
    """Usage is estimated with the price of the dearest column and the compute of the flow."""
    assert Settings().price_job * 1_000_000 == pytest.approx(
        bills["default worker"].usd_per_million(), abs=0.05
    )
    assert Settings().usd_per_gb_second == pytest.approx(prices.usd("gb_seconds", 1))


def test_few_jobs_of_a_trickle_are_counted_together() -> None:
    """The table assumes no more of them in a batch than reach a shard while the batch gathers."""
    assert 3 < counted_together() < 4


def test_plan_prices_what_the_bench_counts(bills: dict[str, Bill]) -> None:
    """`noukai plan` may not play lives: its units of a job are those that are counted here."""
    counted = bills["batches of ten"]
    # An answer's length depends on the digits of its times.
    bounds = {item: 3 if item == "bytes_out" else 0.6 for item in UNITS}
    assert {item: pytest.approx(counted.per_job(item), abs=bounds[item]) for item in UNITS} == UNITS
    planned = monthly(Plan(Load(100, 0.2)))
    flows = planned["Lambda, the flows themselves"]
    assert per_million(Load(100, 0.2), sum(planned.values()) - flows) == pytest.approx(
        counted.usd_per_million(), rel=0.03
    )
