"""The inventory that a deploy shows before it asks."""

import re
from typing import Any

import pytest

from noukai_infra.operations.account import Account
from noukai_infra.operations.deploy.deploy import Plan, deploy
from noukai_infra.operations.deploy.first_job import FirstJob
from noukai_infra.operations.deploy.inventory import Inventory
from noukai_infra.settings import ROOT
from tests.infra.operations.recording_cdk import RecordingCdk
from tests.infra.stack.template import Template

NOTHING = Inventory({})


def inventory(**kinds: int) -> Inventory:
    """Return an inventory of so many resources of each kind, such as `SQS__Queue`."""
    return Inventory(
        {
            "Resources": {
                f"{kind}{number}": {"Type": f"AWS::{kind.replace('__', '::')}", "Properties": {}}
                for kind, count in kinds.items()
                for number in range(count)
            }
        }
    )


def alarm(**properties: Any) -> Inventory:
    return Inventory({"Resources": {"Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}}})


def counts(inventory: Inventory) -> dict[str, int]:
    return {part.several: count for part, count in inventory.counts.items()}


def test_every_part_of_the_stack_has_a_price(template: Template) -> None:
    """A type of resource that is added is looked up, or it would be taken for free."""
    found = Inventory(template.body)
    assert found.unpriced == []
    assert sum(found.counts.values()) == len(template.body["Resources"])


def test_parts_of_the_stack_are_counted(template: Template) -> None:
    found = counts(Inventory(template.body))
    assert found["functions"] == len(template.functions())
    assert (found["tables"], found["queues"], found["HTTP APIs"]) == (5, 7, 1)
    # The reader of dead-letter messages and the worker poll queues, and once there is an endpoint, those of
    # webhooks; metering and reactions read the stream.
    assert (found["queue pollers"], found["disabled pollers"], found["stream readers"]) == (2, 2, 2)


def test_price_at_rest_is_the_documented_one(template: Template) -> None:
    """The READMEs say what a deployment costs while nobody uses it."""
    parts = Inventory(template.body)
    assert f"about {parts.usd:.2f} USD a month" in " ".join((ROOT / "README.md").read_text().split())
    (poller,) = (part for part in parts.counts if part.one == "queue poller")
    assert f"about {poller.usd:.2f} USD a\nmonth each" in (ROOT / "infra" / "README.md").read_text()


def test_disabled_pollers_are_free(template: Template) -> None:
    """Nothing polls the queues of webhooks while there is no endpoint."""
    (poller,) = (part for part in Inventory(template.body).counts if part.one == "disabled poller")
    assert poller.usd == 0


def test_alarm_costs_as_many_metrics_as_it_looks_at() -> None:
    """An expression is no metric."""
    stat: dict[str, Any] = {"MetricStat": {}}
    assert alarm(MetricName="Errors").usd == pytest.approx(0.1)
    assert alarm(Metrics=[stat, stat, {"Expression": "a/b"}]).usd == pytest.approx(0.2)


def test_unknown_part_is_shown_without_a_price() -> None:
    """Also a mapping whose source the template does not make."""
    parts = inventory(EC2__NatGateway=2)
    assert parts.unpriced == ["AWS::EC2::NatGateway"]
    assert list(parts.lines(NOTHING)) == ["    2 AWS::EC2::NatGateway"]
    mapping = {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {"EventSourceArn": "arn:aws:kinesis"}}
    assert Inventory({"Resources": {"Mapping": mapping}}).unpriced


def test_lines_show_counts_and_prices_at_rest() -> None:
    """One of a kind has its own name."""
    lines = inventory(SQS__Queue=1, Lambda__Function=17, CloudWatch__Alarm=4, IAM__Role=1).lines(NOTHING)
    assert list(lines) == [
        "   17 functions",
        "    1 queue",
        "    4 alarms            0.40 USD a month",
        "    1 further part, which is free",
    ]


def test_lines_show_what_a_deployment_changes() -> None:
    """Parts that go are shown as well."""
    before = inventory(SQS__Queue=3, SNS__Topic=1, Lambda__Function=17)
    after = inventory(SQS__Queue=5, Lambda__Function=17)
    assert [re.sub(r"\s+", " ", line) for line in after.lines(before)] == [
        " 17 functions",
        " 5 queues (+2)",
        " 0 topics (-1)",
    ]


def said_of(account: Account, stack: str, **made: Any) -> list[str]:
    """Return what a deploy shows before it asks."""
    said: list[str] = []

    def confirm() -> bool:
        said.append("asked")
        return True

    cdk = RecordingCdk({}, **made)
    deploy(account, cdk, stack, Plan(confirm=confirm, show=said.append))
    return said[: said.index("asked")]


def test_deployment_shows_what_it_makes_before_it_asks(account_with_kinds: Account) -> None:
    """With the difference from what is deployed, and the price."""
    said = "\n".join(
        said_of(account_with_kinds, "noukai", resources=inventory(SQS__Queue=1).template["Resources"])
    )
    assert f"This updates the stack noukai in {account_with_kinds.number}/us-east-1:" in said
    assert re.search(r"^    1 queue +\(-\d\)$", said, re.MULTILINE)
    assert "At rest it costs 0.00 USD a month" in said
    assert max(map(len, said.splitlines())) <= 80


def test_unknown_price_is_told(account_with_kinds: Account) -> None:
    parts = inventory(EC2__NatGateway=1)
    said = said_of(account_with_kinds, "noukai", resources=parts.template["Resources"])
    assert "The price of AWS::EC2::NatGateway is not included." in said


def test_first_job_is_one_of_the_first_flow(account_with_kinds: Account) -> None:
    """With what its input requires; an assembly without flows has none."""
    schema = {
        "properties": {"message": {"type": "string"}, "count": {"type": "integer"}},
        "required": ["message"],
    }
    cdk = RecordingCdk({}, flows={"hello/hello": {"input": schema}, "hello/other": {"input": {}}})
    assert deploy(account_with_kinds, cdk, "noukai", Plan()).first_job == FirstJob(
        "hello/hello", {"message": "text"}
    )
    assert deploy(account_with_kinds, RecordingCdk({}), "noukai", Plan()).first_job is None


@pytest.mark.parametrize(
    ("stack", "approval"), [("noukai", ()), ("another", ("--require-approval", "never"))]
)
def test_account_is_bootstrapped_after_the_answer(
    account_with_kinds: Account, monkeypatch: pytest.MonkeyPatch, stack: str, approval: tuple[str, ...]
) -> None:
    """The rights of a new stack, all of them new, are not asked about once more."""
    monkeypatch.setattr("noukai_infra.operations.deploy.deploy.conclude", lambda *_, **__: None)
    cdk, seen = RecordingCdk({}), []

    def confirm() -> bool:
        seen.extend(cdk.asked)
        return True

    deploy(account_with_kinds, cdk, stack, Plan(confirm=confirm, show=lambda _: None))
    assert [each[0] for each in seen] == ["synth"]
    bootstrap = ("bootstrap", f"aws://{account_with_kinds.number}/us-east-1")
    assert cdk.asked[1:] == [bootstrap, ("deploy", stack, *approval)]
