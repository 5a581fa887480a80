"""The alarms and metrics in the template: their cost, their recipients, and no trace of them when off."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from noukai_functions.names import KIND_DIMENSION
from noukai_infra.settings import ROOT
from noukai_infra.stack.base.stream import COUNTED
from tests.infra.stack.template import Template

Make = Callable[..., Template]
TOPIC = "arn:aws:sns:us-east-1:123456789012:on-call"


def alarms(template: Template) -> dict[str, dict[str, Any]]:
    return {
        each["Properties"]["AlarmName"].removeprefix("noukai-"): each["Properties"]
        for each in template.resources("CloudWatch::Alarm").values()
    }


def test_nothing_is_left_of_what_is_off(template_for: Make, template: Template) -> None:
    """No alarm, no variable, no filter, no rule, no right."""
    off = template_for(metrics="none", alarms=False)
    added = template.body["Resources"].keys() - off.body["Resources"].keys()
    kinds = {template.body["Resources"][name]["Type"] for name in added if not name.startswith("Api")}
    assert {"AWS::CloudWatch::Alarm", "AWS::Events::Rule"} <= kinds
    assert not re.findall(r"METRICS|CloudWatch::Alarm|KIND_QUEUES|UNPROCESSED_QUEUE_URL", off.text)
    patterns = [
        json.loads(each["Pattern"]) for each in off.deliveries("metering")["FilterCriteria"]["Filters"]
    ]
    assert patterns == list(COUNTED)
    assert not [right for right in off.rights("sweep") if right[0].startswith("sqs:")]


def test_alarms_without_metrics_are_those_of_aws(template_for: Make) -> None:
    """Nothing waits for a metric that nobody writes, and nobody looks at the queues."""
    made = template_for(metrics="none")
    assert {each["Namespace"].partition("/")[0] for each in alarms(made).values()} == {"AWS"}
    assert len(made.resources("Events::Rule")) == 2


def test_metrics_without_alarms_need_no_look(template_for: Make) -> None:
    made = template_for(alarms=False)
    assert "METRICS_NAMESPACE" in made.functions()["worker"]["Environment"]["Variables"]
    assert len(made.resources("Events::Rule")) == 2


def test_look_is_made_each_minute(template: Template) -> None:
    (rule,) = [
        each["Properties"]
        for each in template.resources("Events::Rule").values()
        if each["Properties"]["ScheduleExpression"] == "rate(1 minute)"
    ]
    (target,) = rule["Targets"]
    assert json.loads(target["Input"]) == {"checkQueues": True}
    assert template.function_behind(target["Arn"]) == template.named("sweep")


def test_each_alarm_names_its_page_of_the_runbook(template_for: Make) -> None:
    """The page is there, and says how it looks, how to be sure and what to do."""
    made = alarms(template_for(failed_flows={"demo/echo": 0.1}))
    pages = (ROOT / "infra" / "RUNBOOK.md").read_text()
    for name, alarm in made.items():
        page = alarm["AlarmDescription"].partition("infra/RUNBOOK.md#")[2]
        section = pages.partition(f"\n### {page}\n")[2].partition("\n### ")[0]
        assert section.count("**") >= 6, name


def test_nobody_is_told_unless_somebody_is_named(template: Template) -> None:
    assert not [each for each in alarms(template).values() if "AlarmActions" in each]
    assert template.resources("SNS::Topic") == {}


def test_email_and_topic_are_told(template_for: Make) -> None:
    """Of the beginning and the end of an alarm, and of a sweep that says nothing any more."""
    made = template_for(alarm_email="ops@example.org", alarm_topic=TOPIC)
    topic, _ = made.named_resource("SNS::Topic", "AlarmsTopic")
    for name, alarm in alarms(made).items():
        told = [{"Ref": topic}, TOPIC]
        assert alarm["AlarmActions"] == alarm["OKActions"] == told
        assert alarm.get("InsufficientDataActions") == (told if name == "sweep" else None)
    (subscription,) = made.resources("SNS::Subscription").values()
    assert (subscription["Properties"]["Endpoint"], subscription["Properties"]["Protocol"]) == (
        "ops@example.org",
        "email",
    )


def test_worker_kind_has_three_alarms_of_its_own(template_for: Make) -> None:
    """Of its queue and its starts; the others are of the whole stack."""
    made = template_for(draining="m2048-b10")
    own = {name: each for name, each in alarms(made).items() if name.endswith("-m2048-b10")}
    assert {name.removesuffix("-m2048-b10") for name in own} == {"no-start", "oldest-message", "in-flight"}
    assert own["no-start-m2048-b10"]["Dimensions"] == [{"Name": KIND_DIMENSION, "Value": "m2048-b10"}]
    assert len(alarms(made)) == 13


@pytest.mark.parametrize(
    ("settings", "flows"),
    [
        ({}, None),
        ({"metrics": "flow"}, "*"),
        ({"failed_flows": {"demo/b": 0.1, "demo/a": 0.2}}, "demo/a,demo/b"),
    ],
)
def test_flows_with_metrics_of_their_own(
    template_for: Make, settings: dict[str, Any], flows: str | None
) -> None:
    """None by default: each costs some dollars a month."""
    variables = template_for(**settings).functions()["metering"]["Environment"]["Variables"]
    assert variables.get("METRICS_FLOWS") == flows


def test_dashboard_is_a_setting(template: Template, template_for: Make) -> None:
    """It has a graph of each alarm with its threshold and two of each worker kind's jobs, side by side."""
    assert template.resources("CloudWatch::Dashboard") == {}
    made = template_for(dashboard=True, draining="m2048-b10")
    (dashboard,) = made.resources("CloudWatch::Dashboard").values()
    parts = dashboard["Properties"]["DashboardBody"]["Fn::Join"][1]
    body = json.loads("".join(part if isinstance(part, str) else "a-token" for part in parts))
    titles = [widget["properties"]["title"] for widget in body["widgets"]]
    of_jobs = [title for title in titles if " of " in title]
    assert {*titles} - {*of_jobs} == alarms(made).keys()
    assert len(of_jobs) == 4
    assert len({(widget["x"], widget["y"]) for widget in body["widgets"]}) == len(titles)
    thresholds = {
        widget["properties"]["title"]: widget["properties"]["annotations"]["horizontal"][0]["value"]
        for widget in body["widgets"]
        if "annotations" in widget["properties"]
    }
    assert thresholds == {name: alarm["Threshold"] for name, alarm in alarms(made).items()}
