"""`noukai plan` derives settings that are valid, quotas by their codes, and the bill."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from noukai_infra.__main__ import commands
from noukai_infra.cdk_json import own_settings
from noukai_infra.folders import SETTINGS_FILE
from noukai_infra.planning import command, limits
from noukai_infra.planning.bill import monthly, per_million
from noukai_infra.planning.load import Load
from noukai_infra.planning.plan import Plan
from noukai_infra.settings import Settings


def run(*arguments: str) -> str:
    result = CliRunner().invoke(commands, ["plan", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def as_json(*arguments: str) -> Any:
    return json.loads(run("--json", *arguments))


@pytest.mark.parametrize("rate", [0.5, 1, 30, 100, 999, 1_000, 5_000, 10_000, 25_000, 1_000_000])
@pytest.mark.parametrize("seconds", [0.05, 0.2, 5, 60, 800])
def test_settings_are_valid(rate: float, seconds: float) -> None:
    """Each plan can be pasted."""
    _, plan = Plan.of(Load(rate, seconds))
    settings = Settings.from_context(plan.settings)
    assert settings.worker.queues <= 10
    assert own_settings(plan.settings, list(Settings.__dataclass_fields__), "a plan") == plan.settings


def test_small_load_needs_neither_scale_nor_quotas() -> None:
    """A usual account holds fifty jobs a second."""
    found = as_json("--jobs-per-second", "50")
    assert (found["quotas"], "scale" in found["settings"], found["cells"]) == ([], False, 1)


def test_ten_thousand_jobs_a_second() -> None:
    """The largest load of one stack."""
    found = as_json("--jobs-per-second", "10000", "--seconds", "0.2")
    assert found["cells"] == 1
    assert found["settings"]["worker"]["queues"] == 5
    assert found["settings"]["scale"]["index_partitions"] == 25
    asked = {each["code"]: (each["default"], each["ask"]) for each in found["quotas"]}
    assert asked == {
        "L-B99A9384": (1_000, 13_000),
        "L-8A5B8E43": (10_000, 45_000),
        "L-CDF5615A": (5_000, 22_500),
        "L-AB614373": (40_000, 75_000),
        "L-CF0CBE56": (40_000, 60_000),
    }
    assert 6 < found["usdPerMillionJobs"] < 8
    assert found["totalUsd"] == pytest.approx(sum(found["monthlyUsd"].values()))


def test_beyond_a_stack_there_are_cells() -> None:
    """Each has its share of the rate; the bill is that of all."""
    one, ten = (as_json("--jobs-per-second", rate) for rate in ("10000", "100000"))
    assert (ten["cells"], ten["settings"]) == (10, one["settings"])
    assert ten["totalUsd"] == pytest.approx(10 * one["totalUsd"])
    assert "10 cells" in run("--jobs-per-second", "100000")


def test_long_jobs_get_provisioned_pollers() -> None:
    """Ten bounded mappings are ten thousand invocations; beyond, pollers are kept ready, and paid for."""
    found = as_json("--jobs-per-second", "1000", "--seconds", "60")
    worker = found["settings"]["worker"]
    assert worker["queues"] == 10
    assert worker["provisioned_pollers"]["maximum"] * 10 * worker["queues"] >= 2 * 1000 * 60
    assert found["monthlyUsd"]["provisioned pollers, at least"] > 0


@pytest.mark.parametrize("name", ["cdk.json", "noukai.toml"])
def test_settings_can_be_pasted(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """In the form of the file that the repository has."""
    monkeypatch.setattr(command, "SETTINGS_FILE", SETTINGS_FILE.with_name(name))
    shown = run("--jobs-per-second", "10000")
    pasted = "  worker = { batch_size = 10, memory = 256, timeout = 60, queues = 5, max_concurrency = 900 }"
    assert (pasted in shown) == (name == "noukai.toml")
    assert ('"index_partitions": 25' in shown) == (name == "cdk.json")
    assert "--unfinished 2400000" in shown


def test_bill_grows_with_the_jobs() -> None:
    """Only provisioned pollers are priced by the stack; storage is priced by the days that jobs are kept."""
    small, large = (sum(monthly(Plan(Load(rate, 0.2))).values()) for rate in (10, 10_000))
    assert large == pytest.approx(1000 * small)
    kept = [monthly(Plan(Load(10, 0.2, keep_days=days)))["DynamoDB, storage"] for days in (7, 14)]
    assert kept[1] == pytest.approx(2 * kept[0])
    assert per_million(Load(10, 0.2), small) == pytest.approx(7.18, abs=0.05)


def test_plan_says_what_becomes_of_a_burst() -> None:
    """And which quotas would accept it whole, beyond those of the plan itself."""
    _, plan = Plan.of(Load(10_000, 0.2))
    whole = plan.whole_bursts
    assert whole is not None
    assert all(whole.quotas[quota] >= count for quota, count in plan.quotas.items())
    assert whole.quotas[limits.GATEWAY_RATE] > whole.load.accepted == 100_000
    said = "\n".join(command.lines(1, plan))
    assert "20% is accepted, and the rest gets 429 or 503 until" in said
    assert f"{limits.GATEWAY_RATE.name} {whole.quotas[limits.GATEWAY_RATE]:,}" in said
    _, small = Plan.of(Load(100, 0.2))
    assert small.whole_bursts is None
    assert "burst of ten times" not in "\n".join(command.lines(1, small))
