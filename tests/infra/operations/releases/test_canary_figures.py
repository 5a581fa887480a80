"""The command `canary`: the figures of both versions side by side, and what it says without a canary."""

from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from noukai_infra.__main__ import commands
from noukai_infra.operations.deploy.releases import canary_commands
from noukai_infra.operations.deploy.releases.canary import WorkerAliases
from noukai_infra.operations.operator import Operator
from noukai_infra.operations.ops.queues import queue_states

FIGURES = {
    ("default", "Submitted", "Sum"): [90.0, 10.0],
    ("default", "Completed", "Sum"): [97.0],
    ("default", "Failed", "Sum"): [1.0, 1.0],
    ("default", "Retried", "Sum"): [4.0],
    ("default", "Ran", "p50"): [200.0, 250.0],
    ("default", "Ran", "p95"): [900.0],
    ("default-canary", "Submitted", "Sum"): [5.0],
    ("default-canary", "Completed", "Sum"): [2.0],
    ("default-canary", "Failed", "Sum"): [3.0],
    ("default-canary", "Ran", "p50"): [1234.4],
}


class CloudWatch:
    """A stand-in that has figures of two worker kinds, and notes what was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def get_metric_data(self, **asked: Any) -> Any:
        self.asked.append(asked)
        results = []
        for each in asked["MetricDataQueries"]:
            stat, metric = each["MetricStat"]["Stat"], each["MetricStat"]["Metric"]
            (dimension,) = metric["Dimensions"]
            assert (metric["Namespace"], dimension["Name"]) == ("noukai", "WorkerKind")
            values = FIGURES.get((dimension["Value"], metric["MetricName"], stat), [])
            results.append({"Id": each["Id"], "Values": values})
        return {"MetricDataResults": results}


@pytest.fixture
def cloudwatch(monkeypatch: pytest.MonkeyPatch) -> CloudWatch:
    """Let a stack have a canary of five per cent."""
    made = CloudWatch()
    session = SimpleNamespace(client={"cloudwatch": made}.__getitem__)
    operator = SimpleNamespace(account=SimpleNamespace(session=session), stack="noukai")
    worker = WorkerAliases("default", "worker", ("https://sqs/1/jobs",), "https://sqs/1/canary", "12", "13")
    canary = SimpleNamespace(share=5, workers=lambda: [worker])
    monkeypatch.setattr(Operator, "of", lambda *_: operator)
    monkeypatch.setattr(canary_commands, "Canary", lambda *_: canary)
    monkeypatch.setenv("COLUMNS", "80")
    return made


@pytest.mark.usefixtures("cloudwatch")
def test_figures_of_both_versions() -> None:
    """Jobs, failures, retries and times; nothing stands for what no job has written."""
    shown = CliRunner().invoke(commands, ["canary"])
    assert shown.exit_code == 0, shown.output
    first, head, *rows = shown.output.splitlines()
    assert first == "5 % of new jobs go to the canary."
    assert head.split() == [
        "worker", "kind", "version", "submitted", "completed", "failed", "retried", "median", "p95"
    ]  # fmt: skip
    assert [row.split() for row in rows] == [
        ["default", "12", "(stable)", "100", "97", "2", "4", "250", "ms", "900", "ms"],
        ["default", "13", "(canary)", "5", "2", "3", "0", "1234", "ms"],
    ]
    assert all(len(row) <= 80 for row in shown.output.splitlines())


def test_span_of_the_figures(cloudwatch: CloudWatch) -> None:
    """Each figure is of the whole span, in periods of whole minutes, as CloudWatch wants them."""
    assert CliRunner().invoke(commands, ["canary", "--since", "3h"]).exit_code == 0
    for asked in cloudwatch.asked:
        assert (asked["EndTime"] - asked["StartTime"]).total_seconds() == 3 * 3600
        assert {each["MetricStat"]["Period"] for each in asked["MetricDataQueries"]} == {3 * 3600}


def test_without_a_canary_it_says_so(cloudwatch: CloudWatch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canary_commands, "Canary", lambda *_: SimpleNamespace(share=None))
    shown = CliRunner().invoke(commands, ["canary"])
    assert (shown.exit_code, shown.output) == (0, "No canary is under way.\n")
    assert cloudwatch.asked == []


def test_queues_of_a_canary_are_among_those_of_ops() -> None:
    """Beside those of the stable version, by the worker kind's name."""
    attributes = {
        f"ApproximateNumberOfMessages{name}": str(number)
        for number, name in enumerate(("", "NotVisible", "Delayed"), start=1)
    }
    sqs = SimpleNamespace(get_queue_attributes=lambda **_: {"Attributes": attributes})
    session: Any = SimpleNamespace(client={"sqs": sqs}.__getitem__)
    outputs = {
        "QueueUrl": "https://sqs/1/jobs",
        "QueueUrlM2048": "https://sqs/1/m2048",
        "CanaryQueueUrl": "https://sqs/1/canary",
        "CanaryQueueUrlM2048": "https://sqs/1/canary-m2048",
        "DeadLetterQueueUrl": "https://sqs/1/dead",
        "UnprocessedQueueUrl": "https://sqs/1/unprocessed",
    }
    states = {each.name: each for each in queue_states(session, outputs, 0.0)}
    assert [name for name, each in states.items() if each.is_of_jobs] == [
        "default", "m2048", "default-canary", "m2048-canary"
    ]  # fmt: skip
    assert states["m2048-canary"].url == "https://sqs/1/canary-m2048"
    assert states["m2048-canary"].says == "1 waiting, 2 in flight, 3 delayed"
