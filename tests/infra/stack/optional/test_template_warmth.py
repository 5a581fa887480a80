"""The warm environments in the template: aliases, schedules, prices, quotas."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from noukai_infra.operations.account import OperatorError
from noukai_infra.operations.deploy.inventory import Inventory
from noukai_infra.operations.deploy.quotas import Quotas, check_quotas
from noukai_infra.settings import Settings, SettingsError
from noukai_infra.settings.workers.cron import Cron
from tests.infra.stack.template import Template

Make = Callable[..., Template]
WEEKDAYS = {"count": 2, "from": "0 7 * * 1-5", "until": "0 19 * * 1-5", "zone": "Europe/Berlin"}


def aliases(template: Template) -> dict[str, int]:
    """Return the number of warm environments of each alias that states one, by the function's name."""
    return {
        each["Properties"]["FunctionName"]["Ref"]: each["Properties"]["ProvisionedConcurrencyConfig"][
            "ProvisionedConcurrentExecutions"
        ]
        for each in template.resources("Lambda::Alias").values()
        if "ProvisionedConcurrencyConfig" in each["Properties"]
    }


def test_nothing_is_warm_by_default(template: Template, template_for: Make) -> None:
    """Without the settings the template is the same to the byte."""
    assert "Provisioned" not in template.text
    assert "ApplicationAutoScaling" not in template.text
    assert template_for(warm={}, worker={"warm": None}).text == template.text


def test_warm_functions(template: Template, template_for: Make) -> None:
    """Only the named aliases state a number, and no resource is added."""
    made = template_for(warm={"api": 1, "status": 3, "usage": 2}, worker={"warm": 1})
    wanted = {"submit": 1, "wait": 1, "status": 3, "usage": 2, "worker": 1}
    assert aliases(made) == {made.named(name): count for name, count in wanted.items()}
    assert made.body["Resources"].keys() == template.body["Resources"].keys()


def test_warm_at_times(template: Template, template_for: Make) -> None:
    """A scalable target has both actions; the alias states no number, which a deploy would set at night."""
    made = template_for(worker={"warm": WEEKDAYS})
    assert aliases(made) == {}
    ((name, target),) = made.resources("ApplicationAutoScaling::ScalableTarget").items()
    assert made.body["Resources"].keys() - template.body["Resources"].keys() == {name}
    properties = target["Properties"]
    assert (properties["MinCapacity"], properties["MaxCapacity"]) == (0, 2)
    actions = {
        each["ScheduledActionName"]: (each["Schedule"], each["Timezone"], each["ScalableTargetAction"])
        for each in properties["ScheduledActions"]
    }
    assert actions == {
        "From": (
            "cron(0 7 ? * MON,TUE,WED,THU,FRI *)",
            "Europe/Berlin",
            {"MinCapacity": 2, "MaxCapacity": 2},
        ),
        "Until": (
            "cron(0 19 ? * MON,TUE,WED,THU,FRI *)",
            "Europe/Berlin",
            {"MinCapacity": 0, "MaxCapacity": 0},
        ),
    }


@pytest.mark.parametrize("warm", [3, WEEKDAYS])
def test_worker_kind_of_the_settings_is_warm(template_for: Make, warm: Any) -> None:
    """It states that itself: neither does it inherit the default worker's number, nor the other way round."""
    kinds = {"ml": {"memory": 2048, "warm": warm}, "io": {}}
    made = template_for(worker={"warm": 1}, workers=kinds, draining="ml,io,m512")
    names = {
        kind: next(
            name for name in made.resources("Lambda::Function") if name.startswith(f"Worker{kind}Function")
        )
        for kind in ("", "Ml", "Io", "M512")
    }
    at_times = isinstance(warm, dict)
    assert aliases(made) == {names[""]: 1, **({} if at_times else {names["Ml"]: 3})}
    targets = list(made.resources("ApplicationAutoScaling::ScalableTarget").values())
    assert len(targets) == at_times
    for target in targets:
        assert '"Ref": "WorkerMlFunctionLive' in json.dumps(target["Properties"]["ResourceId"])
        assert [each["ScheduledActionName"] for each in target["Properties"]["ScheduledActions"]] == [
            "From",
            "Until",
        ]
    # Two GB: two of them for 60 of 168 hours, or three always.
    said = [each for each in Inventory(made.body).lines(Inventory({})) if names["Ml"] in each]
    count, usd, when = (2, "12.36", ", 36% of the time") if at_times else (3, "51.84", "")
    assert said == [f"    {count} warm             {usd} USD a month  {names['Ml']}{when}"]


@pytest.mark.parametrize(
    ("settings", "usd", "line"),
    [
        # 1 GB for 30 days at 0.0000033334, and 256 MB at 0.0000041667.
        ({"worker": {"warm": 1}}, 8.64, "1 warm              8.64 USD a month"),
        ({"warm": {"submit": 2}, "architecture": "x86_64"}, 5.40, "2 warm              5.40 USD a month"),
        # 60 of 168 hours a week.
        ({"worker": {"warm": WEEKDAYS}}, 6.18, "36% of the time"),
    ],
)
def test_price_is_said_before_the_question(
    template: Template, template_for: Make, settings: dict[str, Any], usd: float, line: str
) -> None:
    """It is a line of the inventory, and part of the price at rest."""
    made, plain = Inventory(template_for(**settings).body), Inventory(template.body)
    assert made.usd - plain.usd == pytest.approx(usd, abs=0.01)
    assert made.unpriced == []
    assert any(line in each for each in made.lines(plain))
    assert not any("warm" in each for each in plain.lines(plain))


def test_what_an_account_cannot_keep_warm_is_refused(assembly_for: Callable[..., Path]) -> None:
    """A hundred executions must stay unreserved: https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html."""
    quotas = Quotas(concurrency=1000, unreserved=1000)
    assert check_quotas(assembly_for(worker={"warm": 900}), "noukai", quotas) == []
    with pytest.raises(OperatorError, match="keep 901 warm of 1000, and 100 must stay unreserved"):
        check_quotas(assembly_for(worker={"warm": 900}, warm={"submit": 1}), "noukai", quotas)
    with pytest.raises(OperatorError, match="keep 1 warm of 10, and 10 must stay unreserved"):
        check_quotas(assembly_for(warm={"submit": 1}), "noukai", Quotas(concurrency=10, unreserved=10))


@pytest.mark.parametrize(
    ("warm", "said"),
    [
        ({"count": 0}, "greater than or equal to 1"),
        ({"from": "0 7 * * 1-5"}, "have both `from` and `until`, or neither"),
        ({"from": "0 7 * *", "until": "0 19 * * *"}, "be a cron expression of five fields"),
        ({"from": "0 24 * * *", "until": "0 19 * * *"}, "name the hour by 0 to 23, not by `24`"),
        ({"from": "0 7 1 * 1", "until": "0 19 * * *"}, "restrict the day of the month or that of the week"),
        ({"counts": 1}, "count"),
    ],
)
def test_invalid_warmth_is_refused(warm: dict[str, Any], said: str) -> None:
    """Each message says what is allowed."""
    with pytest.raises(SettingsError) as refused:
        Settings.from_context({"worker": {"warm": warm}})
    assert said in str(refused.value)


def test_unknown_function_is_refused(template_for: Make) -> None:
    """A mistyped name is answered with the right one."""
    with pytest.raises(SettingsError, match="submit"):
        template_for(warm={"submitt": 1})


@pytest.mark.parametrize(
    ("text", "on_aws"),
    [
        ("0 7 * * 1-5", "cron(0 7 ? * MON,TUE,WED,THU,FRI *)"),
        ("*/15 6,18 1 jan-mar *", "cron(0,15,30,45 6,18 1 1,2,3 ? *)"),
        ("0 0 * * 5-7", "cron(0 0 ? * SUN,FRI,SAT *)"),
        ("30 12 * * *", "cron(30 12 * * ? *)"),
    ],
)
def test_cron_is_written_as_aws_reads_it(text: str, on_aws: str) -> None:
    """AWS counts Sunday as 1 and wants a question mark for one of the days."""
    assert Cron.parse(text).on_aws == on_aws


@pytest.mark.parametrize(
    ("begin", "until", "share"),
    [
        ("0 7 * * *", "0 19 * * *", 0.5),
        ("0 19 * * *", "0 7 * * *", 0.5),
        ("0 0 * * *", "0 0 1 1 *", 1.0),
        ("0 0 1 1 *", "0 0 1 7 *", 181 / 365),
    ],
)
def test_share_of_the_time(begin: str, until: str, share: float) -> None:
    """Nights and months count; an environment that is warm over New Year is so at its beginning."""
    assert Cron.parse(begin).share_until(Cron.parse(until)) == pytest.approx(share, abs=0.004)


def test_schedule_is_readable_json(template_for: Make) -> None:
    """The share for the price is in the template's metadata, which AWS ignores."""
    made = template_for(worker={"warm": WEEKDAYS})
    (target,) = made.resources("ApplicationAutoScaling::ScalableTarget").values()
    assert json.loads(json.dumps(target["Metadata"])) == {"WarmShare": pytest.approx(60 / 168, abs=0.002)}
