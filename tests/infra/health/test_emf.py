"""Metrics are lines that CloudWatch reads: declared, dated, and never dropped by a log level."""

import json
from typing import Any

import pytest

from noukai_functions.telemetry.emf import Metrics

AT = 1_700_000_000_123


def lines(capsys: pytest.CaptureFixture[str]) -> list[Any]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_line_declares_what_it_holds(capsys: pytest.CaptureFixture[str]) -> None:
    """A time has its unit; the dimension is a member of the line."""
    Metrics("noukai").write({"Submitted": 3, "Ran": [1, 2]}, AT, kind="default")
    (line,) = lines(capsys)
    assert line == {
        "_aws": {
            "Timestamp": AT,
            "CloudWatchMetrics": [
                {
                    "Namespace": "noukai",
                    "Dimensions": [["WorkerKind"]],
                    "Metrics": [{"Name": "Submitted"}, {"Name": "Ran", "Unit": "Milliseconds"}],
                }
            ],
        },
        "level": "INFO",
        "timestamp": "2023-11-14T22:13:20Z",
        "WorkerKind": "default",
        "Submitted": 3,
        "Ran": [1, 2],
    }


def test_metric_of_the_stack_has_no_dimension(capsys: pytest.CaptureFixture[str]) -> None:
    Metrics("noukai").write({"SweepRounds": 1}, AT)
    (line,) = lines(capsys)
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [[]]


def test_flow_has_a_dimension_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    """Beside its worker kind, in the same line; only there is a share of failures."""
    metrics = Metrics.of({"METRICS_NAMESPACE": "n", "METRICS_FLOWS": "demo/a,demo/b"})
    metrics.write({"Failed": 1, "FailedShare": [0, 1]}, AT, kind="default", flow="demo/a")
    (line,) = lines(capsys)
    declared = {
        each["Dimensions"][0][0]: [metric["Name"] for metric in each["Metrics"]]
        for each in line["_aws"]["CloudWatchMetrics"]
    }
    assert declared == {"WorkerKind": ["Failed"], "Flow": ["Failed", "FailedShare"]}
    assert (metrics.has_flow("demo/b"), metrics.has_flow("demo/c")) == (True, False)


def test_all_flows() -> None:
    assert Metrics.of({"METRICS_NAMESPACE": "n", "METRICS_FLOWS": "*"}).has_flow("demo/any")


def test_line_has_a_hundred_values_at_most(capsys: pytest.CaptureFixture[str]) -> None:
    """CloudWatch drops a line with more; what is summed up stands in one of them alone."""
    Metrics("noukai").write({"Started": 250, "Ran": list(range(250))}, AT, kind="default")
    found = lines(capsys)
    assert [len(line["Ran"]) for line in found] == [100, 100, 50]
    assert [line.get("Started") for line in found] == [250, None, None]
    assert [value for line in found for value in line["Ran"]] == list(range(250))


def test_line_has_the_level_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    """Lambda drops lines below it."""
    Metrics.of({"METRICS_NAMESPACE": "n", "LOG_LEVEL": "ERROR"}).write({"SweepRounds": 1}, AT)
    assert lines(capsys)[0]["level"] == "ERROR"


def test_nothing_is_written_where_metrics_are_off(capsys: pytest.CaptureFixture[str]) -> None:
    Metrics.of({}).write({"Started": 1}, AT, kind="default")
    assert capsys.readouterr().out == ""
