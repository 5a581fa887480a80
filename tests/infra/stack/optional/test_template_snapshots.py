"""SnapStart in the template: functions, prices, exclusions, the Python that it takes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from noukai_infra.operations.account import OperatorError
from noukai_infra.operations.deploy.inventory import Inventory
from noukai_infra.operations.deploy.quotas import Quotas, check_quotas
from noukai_infra.settings import Settings, SettingsError
from tests.infra.stack.template import Template

Make = Callable[..., Template]
QUOTAS = Quotas(concurrency=1000, unreserved=1000)


def with_snapshots(template: Template) -> set[str]:
    """Return the functions with SnapStart, by their logical names."""
    stated = {
        name: each["Properties"]["SnapStart"]
        for name, each in template.resources("Lambda::Function").items()
        if "SnapStart" in each["Properties"]
    }
    assert all(each == {"ApplyOn": "PublishedVersions"} for each in stated.values())
    return {*stated}


def test_nothing_has_a_snapshot_by_default(template: Template, template_for: Make) -> None:
    """Without the settings the template is the same to the byte."""
    assert "SnapStart" not in template.text
    assert template_for(api_snap_start=False, worker={"snap_start": False}).text == template.text


def test_functions_with_snapshots(template: Template, template_for: Make) -> None:
    """Only what the settings name has one, and no resource is added: versions and aliases are there."""
    made = template_for(api_snap_start=True, worker={"snap_start": True})
    assert with_snapshots(made) == {made.named(name) for name in ("submit", "status", "wait", "worker")}
    kinds = [sorted(each["Type"] for each in one.body["Resources"].values()) for one in (made, template)]
    assert kinds[0] == kinds[1]


def test_worker_kinds_state_it_themselves() -> None:
    """It costs money in each: neither named kinds nor those that flows ask for inherit it."""
    made = Settings.from_context(
        {"worker": {"snap_start": True}, "workers": {"ml": {}, "io": {"snap_start": True}}}
    )
    assert {name: kind.snap_start for name, kind in made.workers.items()} == {"ml": False, "io": True}


@pytest.mark.parametrize(
    ("settings", "usd", "lines"),
    [
        # 1 GB for 30 days at 0.0000015046 USD per GB-second, and 0.0001397998 USD per GB restored.
        ({"worker": {"snap_start": True}}, 3.90, [("3.90 USD a month", "0.14 per 1000 restores")]),
        (
            {"api_snap_start": True},
            2 * 0.975 + 0.4875,
            [("0.97 USD a month", "0.03 per"), ("0.97 USD", "0.03 per"), ("0.49 USD", "0.02 per")],
        ),
    ],
)
def test_price_is_said_before_the_question(
    template: Template, template_for: Make, settings: dict[str, Any], usd: float, lines: list[tuple[str, str]]
) -> None:
    """It is a line of the inventory for each function, and part of the price at rest."""
    made, plain = Inventory(template_for(**settings).body), Inventory(template.body)
    assert made.usd - plain.usd == pytest.approx(usd, abs=0.01)
    said = sorted((each for each in made.lines(plain) if "1 snapshot" in each), reverse=True)
    assert len(said) == len(lines)
    for line, parts in zip(said, lines, strict=True):
        assert all(part in line for part in parts)
    assert not any("snapshot" in each for each in plain.lines(plain))


@pytest.mark.parametrize(
    ("worker", "said"),
    [
        ({"warm": 1}, "have `snap_start` or `warm`: AWS does not combine them"),
        ({"image": "images/ml"}, "have `snap_start` or `image`"),
        ({"ephemeral_storage": 513}, "have `snap_start` or more than 512 MB of `ephemeral_storage`"),
    ],
)
def test_what_aws_does_not_combine_is_refused(worker: dict[str, Any], said: str) -> None:
    """Both for the default worker and for a worker kind that inherits the other setting."""
    with pytest.raises(SettingsError) as refused:
        Settings.from_context({"worker": {**worker, "snap_start": True}})
    assert said in str(refused.value)
    with pytest.raises(SettingsError) as refused:
        Settings.from_context({"workers": {"ml": {**worker, "snap_start": True}}})
    assert str(refused.value).startswith("workers.ml: ")
    assert said in str(refused.value)


def test_storage_that_flows_ask_for_excludes_no_snapshot(template_for: Make) -> None:
    """The worker kind of such a flow has none; the default worker keeps its own."""
    made = template_for(worker={"snap_start": True}, draining="e2048")
    assert with_snapshots(made) == {made.named("worker")}


@pytest.mark.parametrize("warm", [{"api": 1}, {"submit": 1, "usage": 1}, {"wait": 2}])
def test_warm_functions_of_the_api_have_no_snapshot(warm: dict[str, int]) -> None:
    """A function of which the settings want both is named; `usage` alone may be warm."""
    assert Settings.from_context({"api_snap_start": True, "warm": {"usage": 1}}).api_snap_start
    with pytest.raises(
        SettingsError, match=rf"^api_snap_start: warm\.{next(iter(warm))} is for the same functions"
    ):
        Settings.from_context({"api_snap_start": True, "warm": warm})


def test_python_that_is_too_old_is_refused(assembly_for: Callable[..., Path]) -> None:
    """AWS takes snapshots with Python 3.12 or later."""
    assembly = assembly_for(worker={"snap_start": True})
    template = json.loads((assembly / "noukai.template.json").read_text())

    def check(runtime: str) -> list[str]:
        for each in template["Resources"].values():
            if each["Type"] == "AWS::Lambda::Function" and "Runtime" in each["Properties"]:
                each["Properties"]["Runtime"] = runtime
        (assembly / "noukai.template.json").write_text(json.dumps(template))
        return check_quotas(assembly, "noukai", QUOTAS)

    assert check("python3.12") == []
    with pytest.raises(OperatorError, match=r"which AWS takes with Python 3\.12 or later"):
        check("python3.11")
