"""The canaries in the template: that of the workers, and the gradual shift of the API."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from noukai_infra.operations.account import OperatorError
from noukai_infra.operations.deploy.inventory import Inventory
from noukai_infra.operations.deploy.quotas import Quotas, check_quotas
from noukai_infra.settings import Settings, SettingsError
from tests.infra.stack.template import API, Template

Make = Callable[..., Template]
SENDERS = ("submit", "submit_jobs", "execute", "retry", "schedules", "tick")


def added(made: Template, template: Template) -> list[str]:
    """Return the types of the resources that a template has beyond another, but for new versions."""
    names = made.body["Resources"].keys() - template.body["Resources"].keys()
    kinds = [made.body["Resources"][name]["Type"].removeprefix("AWS::") for name in sorted(names)]
    return sorted(kind for kind in kinds if kind != "Lambda::Version")


def aliases(template: Template) -> dict[str, Any]:
    """Return the version of each alias of the worker."""
    worker = template.named("worker")
    return {
        each["Properties"]["Name"]: each["Properties"]["FunctionVersion"]
        for each in template.resources("Lambda::Alias").values()
        if each["Properties"]["FunctionName"] == {"Ref": worker}
    }


def test_nothing_is_left_of_what_is_off(template: Template, template_for: Make) -> None:
    """Without the settings the template is the same to the byte."""
    assert template_for(canary=None, api_canary=False, stable={}, stable_flows={}).text == template.text
    assert "CANARY" not in template.text
    assert "CodeDeploy" not in template.text


def test_worker_has_a_queue_for_each_of_two_versions(template: Template, template_for: Make) -> None:
    """A queue with its policy, an alias and a mapping; the new version is that of the alias `canary`."""
    made = template_for(canary=5, stable="default=12")
    assert added(made, template) == [
        "CloudWatch::Alarm",
        "CloudWatch::Alarm",
        "CloudWatch::Alarm",
        "Lambda::Alias",
        "Lambda::EventSourceMapping",
        "SQS::Queue",
        "SQS::QueuePolicy",
    ]
    found = aliases(made)
    assert found["live"] == "12"
    assert "Fn::GetAtt" in found["canary"]
    sources = {
        json.dumps(each["Properties"]["EventSourceArn"]): json.dumps(each["Properties"]["FunctionName"])
        for each in made.resources("Lambda::EventSourceMapping").values()
    }
    (of_canary,) = [name for source, name in sources.items() if "QueuesCanary" in source]
    assert "AliasCanary" in of_canary or "Canary" in of_canary


def test_queue_of_a_canary_has_the_alarms_of_any(template: Template, template_for: Make) -> None:
    """With the same limits, and the figures of its own worker kind, which the minutely check writes."""
    made = template_for(canary=5, draining="m2048", stable="default=12,m2048=7")
    alarms = {
        each["Properties"]["AlarmName"].removeprefix("noukai-"): each["Properties"]
        for each in made.resources("CloudWatch::Alarm").values()
    }
    for kind in ("", "-m2048"):
        for name in ("oldest-message", "in-flight", "no-start"):
            stable, canary = alarms[f"{name}{kind}"], alarms[f"{name}{kind}-canary"]
            differs = {key for key in stable if stable[key] != canary[key]}
            assert differs == {"AlarmName", "AlarmDescription", "Dimensions"}
    assert alarms["no-start-canary"]["Dimensions"][0]["Value"] == "default-canary"
    (queue,) = [name for name in made.resources("SQS::Queue") if name.startswith("QueuesCanaryDefault")]
    assert alarms["in-flight-canary"]["Dimensions"][0]["Value"] == {"Fn::GetAtt": [queue, "QueueName"]}
    checked = json.dumps(made.functions()["sweep"]["Environment"]["Variables"]["KIND_QUEUES"])
    assert f'"Ref": "{queue}"' in checked
    assert "default-canary" in checked
    assert "canary" not in json.dumps(template.functions()["sweep"])


def test_first_deploy_has_one_version(template_for: Make) -> None:
    """Both aliases refer to it, so that no canary is under way."""
    found = aliases(template_for(canary=5))
    assert found["live"] == found["canary"]


def test_submitters_know_the_queue_of_the_canary(template: Template, template_for: Make) -> None:
    """They may send to it; nobody else is told."""
    made = template_for(canary=5, stable="default=12")
    told = {
        handler
        for handler, each in made.functions().items()
        if "CANARY_QUEUES" in each.get("Environment", {}).get("Variables", {})
    }
    assert told == {*SENDERS}
    assert {right for right in made.rights("submit") if right not in template.rights("submit")}


def test_workers_of_former_kinds_have_a_canary_too(template_for: Make) -> None:
    """Each worker has its own stable version."""
    made = template_for(canary=5, draining="m2048", stable="default=12,m2048=7")
    stable = [
        each["Properties"]["FunctionVersion"]
        for each in made.resources("Lambda::Alias").values()
        if isinstance(each["Properties"]["FunctionVersion"], str)
    ]
    assert sorted(stable) == ["12", "7"]


def test_api_is_shifted_function_by_function(template: Template, template_for: Make) -> None:
    """One application and one role; a group, an alarm and an alias with a policy for each function."""
    made = template_for(api_canary=True)
    counts = {kind: added(made, template).count(kind) for kind in {*added(made, template)}}
    assert counts == {
        "CodeDeploy::Application": 1,
        "CodeDeploy::DeploymentGroup": len(API),
        "CloudWatch::Alarm": len(API) + 1,
        "IAM::Role": 1,
    }
    shifted = {
        each["Properties"]["FunctionName"]["Ref"]: each["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
        for each in made.resources("Lambda::Alias").values()
        if "UpdatePolicy" in each
    }
    assert shifted.keys() == {made.named(entry) for entry in API}
    assert len({each["DeploymentGroupName"]["Ref"] for each in shifted.values()}) == len(API)
    for group in made.resources("CodeDeploy::DeploymentGroup").values():
        properties = group["Properties"]
        assert properties["DeploymentConfigName"] == "CodeDeployDefault.LambdaCanary10Percent5Minutes"
        assert properties["AlarmConfiguration"]["Enabled"]
        assert len(properties["AlarmConfiguration"]["Alarms"]) == 2
        assert "DEPLOYMENT_STOP_ON_ALARM" in properties["AutoRollbackConfiguration"]["Events"]


def test_alarms_of_a_shift_look_at_the_new_version(template_for: Make) -> None:
    """An error of the version before takes nothing back."""
    made = template_for(api_canary=True)
    alarms = [
        each["Properties"]
        for each in made.resources("CloudWatch::Alarm").values()
        if each["Properties"]["AlarmName"].startswith("noukai-shift-")
    ]
    of_versions = [each for each in alarms if each["MetricName"] == "Errors"]
    assert len(of_versions) == len(API)
    for each in of_versions:
        names = {dimension["Name"] for dimension in each["Dimensions"]}
        assert names == {"FunctionName", "Resource", "ExecutedVersion"}
    assert {each["Period"] for each in alarms} == {60}


def test_price_of_a_shift(template: Template, template_for: Make) -> None:
    """CodeDeploy is free for Lambda; its alarms are not, and a canary's poller and alarms cost as any."""
    plain = Inventory(template.body).usd
    shifted = Inventory(template_for(api_canary=True).body)
    assert shifted.usd - plain == pytest.approx(0.1 * (len(API) + 1))
    assert shifted.unpriced == []
    canary = Inventory(template_for(canary=5, stable="default=12").body)
    assert canary.usd - plain == pytest.approx(0.26 + 3 * 0.10, abs=0.01)
    assert canary.unpriced == []


def test_stack_that_is_too_large_is_refused(tmp_path: Path) -> None:
    """The message says what makes it smaller."""
    many = {f"Queue{number}": {"Type": "AWS::SQS::Queue", "Properties": {}} for number in range(500)}
    shift = {"Application": {"Type": "AWS::CodeDeploy::Application", "Properties": {}}}
    (tmp_path / "noukai.assets.json").write_text('{"files": {}}')
    (tmp_path / "noukai.template.json").write_text(json.dumps({"Resources": {**many, **shift}}))
    with pytest.raises(OperatorError, match=r"501 resources.*fewer worker kinds, or switch `api_canary` off"):
        check_quotas(tmp_path, "noukai", Quotas(1000, 1000))


@pytest.mark.parametrize("share", [0, 51, True])
def test_invalid_share_is_refused(share: object) -> None:
    """A canary is less than what is known to work."""
    with pytest.raises(SettingsError, match="canary"):
        Settings.from_context({"canary": share})


def test_figures_of_a_canary_need_metrics() -> None:
    """Without them nobody could tell whether to promote it."""
    with pytest.raises(SettingsError, match="canary"):
        Settings.from_context({"canary": 5, "metrics": "none"})
