"""The words of a flow: all that it prints and logs, with stream, level and fields, to its last words."""

import pytest

from noukai_wire.routes import Route
from tests.functions.harness import System
from tests.functions.jobs.logs.asking import lines, run


def said(system: System, way: str) -> list[tuple[str, str, str]]:
    shown = lines(system, run(system, "say", parameters={"way": way}))
    return [(line["stream"], line["level"], line["message"]) for line in shown]


@pytest.mark.parametrize(
    ("way", "heard"),
    [
        (
            "printed",
            [
                ("stdout", "info", "to standard output"),
                ("stderr", "warning", "to standard error"),
                ("stdout", "info", " without an end"),
            ],
        ),
        ("logged", [("log", "warning", "by logging"), ("log", "info", "of a level")]),
        (
            "by_a_child",
            [("stdout", "info", "out of a child"), ("stderr", "warning", "error of a child")],
        ),
        (
            "by_a_grandchild",
            [("stdout", "info", "out of a grandchild"), ("stdout", "info", "out of its parent")],
        ),
        ("by_c", [("stdout", "info", "by C")]),
        ("by_a_fork", [("log", "error", "by a fork"), ("stdout", "info", "printed by a fork")]),
        ("by_a_fork_that_returns", [("stdout", "info", "unfinished")]),
        ("by_basic_config", [("stderr", "info", "INFO:shop:configured")]),
        ("closed", [("stderr", "warning", "after closing")]),
        (
            "binary",
            [("stdout", "info", "\\x89PNG"), ("stdout", "info", "\\x1a"), ("stdout", "info", "\\x00\\xff")],
        ),
        ("bar", [("stderr", "warning", "100%"), ("stderr", "warning", "red")]),
    ],
)
def test_each_way_is_heard(system: System, way: str, heard: list[tuple[str, str, str]]) -> None:
    """Within a stream in order; what is written at one time to several streams may be in any order."""
    assert sorted(said(system, way)) == sorted(heard)


def test_logger_of_the_context(system: System) -> None:
    """Its fields stay values, and an exception that is logged comes with its traceback."""
    counted, warned, caught = lines(system, run(system, "log", parameters={"words": 6}))
    assert (counted["stream"], counted["level"], counted["message"]) == ("log", "info", "counted")
    assert counted["fields"] == {"words": 6, "kind": "fast"}
    assert (warned["level"], "fields" in warned) == ("warning", False)
    assert caught["level"] == "error"
    assert caught["message"].startswith("caught\nTraceback (most recent call last):\n")
    assert caught["message"].endswith("ValueError: by itself")


def test_fields_of_logging(system: System) -> None:
    shown = lines(system, run(system, "say", parameters={"way": "logged"}))
    assert [line.get("fields") for line in shown] == [
        {"logger": "shop"},
        {"customer": "u7", "logger": "shop"},
    ]


def test_each_line_has_its_time_and_attempt(system: System) -> None:
    job_id = run(system, "print-lines", parameters={"count": 3})
    shown = lines(system, job_id)
    assert {line["attempt"] for line in shown} == {1}
    assert {line["at"] for line in shown} == {system.status(job_id)["startedAt"]}


@pytest.mark.parametrize("how", ["killed", "exit", "fault"])
def test_last_words_of_a_flow_that_dies(system: System, how: str) -> None:
    """Also the line that it has not ended."""
    job_id = run(system, "die", parameters={"how": how})
    assert system.status(job_id)["error"].startswith("ProcessDied: ")
    assert [line["message"] for line in lines(system, job_id)][-2:] == ["last words", "unfinished"]


def test_flow_that_is_timed_out(system: System) -> None:
    """What it printed is there, and the place where it was stopped."""
    system.clock.step = 300
    job_id = run(system, "hang", message="waiting")
    *_, printed, trace = lines(system, job_id)
    assert printed["message"] == "waiting"
    assert (trace["stream"], trace["level"]) == ("log", "error")
    assert "time.sleep(600)" in trace["message"]
    assert trace["message"].endswith("TimeoutError: the flow was stopped after 1 seconds")


def test_flow_that_raises(system: System) -> None:
    """Each attempt has its own lines; the last says where and what the flow raised."""
    job_id = run(system, "raise-after", message="no")
    system.clock.time += 60_000
    shown = lines(system, job_id, "attempt=1")
    assert [line["message"] for line in shown if line["stream"] == "stdout"][-1] == "attempt 1"
    assert shown[-1]["message"].startswith("Traceback (most recent call last):\n  File ")
    assert shown[-1]["message"].endswith("\nValueError: no")


def test_silent_job_stores_nothing(system: System) -> None:
    """No item, no request."""
    job_id = run(system, "silent")
    assert [operation for operation, _ in system.calls if operation != "DeleteMessage"] == [
        "UpdateItem",
        "ChangeMessageVisibilityBatch",
        "UpdateItem",
    ]
    answer = system.send(Route.LOGS_BY_ID, id=job_id)
    assert (answer.body["lines"], answer.body["done"]) == ([], True)


def test_nothing_goes_to_the_workers_log(system: System, capfd: pytest.CaptureFixture[str]) -> None:
    run(system, "print-lines", parameters={"count": 3})
    assert "".join(capfd.readouterr()) == ""
