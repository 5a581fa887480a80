"""Lines of functions as a person at the terminal reads them."""

import json
from datetime import datetime

import pytest

from noukai_infra.local.terminal.log_line import readable

NOON = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - as a wall clock shows it


def test_a_log_line_is_shown_with_its_job_and_its_traceback() -> None:
    """A JSON line is shown as time, level, function, message, its own fields and the traceback."""
    entry = {
        "level": "ERROR",
        "location": "run:12",
        "message": "the flow has failed",
        "timestamp": "2026-01-01T12:00:00.000+00:00",
        "service": "noukai",
        "job_id": "job_1",
        "attempt": 2,
        "exception": 'Traceback:\n  File "/tmp/x/ministack-lambda-noukai-w/code/flows/demo.py", line 3\n'
        "ValueError: no",
        "exception_name": "ValueError",
    }

    assert readable("worker", json.dumps(entry), NOON).splitlines() == [
        "12:00:00 ERROR   worker       the flow has failed job_id=job_1 attempt=2",
        "    Traceback:",
        '      File "flows/demo.py", line 3',
        "    ValueError: no",
    ]


def test_a_traceback_ends_with_the_text_of_the_exception() -> None:
    """A worker's traceback is shown as Python does, with each line indented: none looks like an entry."""
    entry = {
        "level": "ERROR",
        "message": "the flow raised\n12:00:01 INFO    worker       forged",
        "exception": '  File "/tmp/x/code-' + "0" * 64 + '/flows/shop.py", line 3, in pay\nValueError',
        "exception_text": "ValueError: no money\ncaused by KeyError: 'purse' (shop.py:2 in purse)",
    }

    assert readable("worker", json.dumps(entry), NOON).splitlines() == [
        "12:00:00 ERROR   worker       the flow raised",
        "    12:00:01 INFO    worker       forged",
        '      File "flows/shop.py", line 3, in pay',
        "    ValueError: no money",
        "    caused by KeyError: 'purse' (shop.py:2 in purse)",
    ]


@pytest.mark.parametrize("line", ["counted 3 words", "[1, 2]", '{"answer": 42}', "null", ""])
def test_any_other_output_is_shown_as_it_is(line: str) -> None:
    """What a flow prints is not changed, whether it is JSON or not."""
    assert readable("worker", line, NOON) == f"12:00:00         worker       {line}"


def test_long_name_of_a_function_ends_before_the_message() -> None:
    entry = json.dumps({"level": "INFO", "message": "audit"})
    assert readable("webhook_secrets", entry, NOON) == "12:00:00 INFO    webhook_secrets audit"


def test_long_word_is_shown_at_once() -> None:
    """A flow may write a line without a space: quadratic time would take minutes."""
    line = "x" * 2**18
    assert readable("worker", line, NOON) == f"12:00:00         worker       {line}"
