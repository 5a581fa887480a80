"""Rehearsing a flow: it runs as in a worker, in the process of its tests."""

import asyncio
import logging
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from noukai.flow import Context, PermanentError, flow
from noukai.testing import rehearse

NEEDS_NO_LIBRARY_OF_AWS = """
import sys
for name in ("aws_lambda_powertools", "boto3", "botocore"):
    sys.modules[name] = None
from functions.flows.demo import word_count
from noukai.testing import rehearse
print(rehearse(word_count, {"message": "to be"}).output["words"])
"""


@flow(timeout=30, max_attempts=3)
def flaky(fails: int, *, context: Context) -> dict[str, Any]:
    context.progress(percent=50, message=f"attempt {context.attempt}")
    if context.attempt <= fails:
        raise ConnectionError(f"no line at attempt {context.attempt}")
    return {
        "attempt": context.attempt,
        "left": context.remaining_seconds,
        "of": context.org,
        "id": context.job_id,
    }


@flow
def typed(at: datetime, names: set[str]) -> tuple[int, list[str]]:
    return at.year, sorted(names)


@flow
def hopeless(*, context: Context) -> None:
    context.progress(percent=1)
    raise PermanentError("never")


class BusyError(Exception):
    retry_after = timedelta(seconds=7)


@flow(max_attempts=2)
def busy() -> None:
    raise BusyError


@flow
async def stepping(steps: int, *, context: Context) -> int:
    for step in range(steps):
        context.progress(percent=100 * step / steps)
        await asyncio.sleep(0)
    return steps


@flow
def stubborn(*, context: Context) -> str:
    try:
        context.progress(percent=1)
    except KeyboardInterrupt:
        context.progress(message=f"cancelled: {context.cancelled}")
    return "all the same"


@flow
def chatty(*, context: Context) -> None:
    context.logger.info("counted", words=3, extra={"lines": 1})


def test_output_is_what_a_caller_gets() -> None:
    """Arguments are converted as a worker converts them, and the output has been through JSON."""
    done = rehearse(typed, {"at": "2026-01-02T03:04:05Z", "names": ["b", "a"]})
    assert (done.state, done.output, done.error) == ("completed", [2026, ["a", "b"]], None)


def test_attempts_follow_each_other() -> None:
    """After a failed attempt comes the next; each shows what it reported and why it failed."""
    done = rehearse(flaky, {"fails": 2}, org="globex", job_id="job_7")
    assert done.output == {"attempt": 3, "left": 30.0, "of": "globex", "id": "job_7"}
    assert [attempt.error for attempt in done.attempts] == [
        "ConnectionError: no line at attempt 1",
        "ConnectionError: no line at attempt 2",
        None,
    ]
    assert done.progress == ({"percent": 50, "message": "attempt 3"},)
    assert [attempt.number for attempt in done.attempts] == [1, 2, 3]


def test_job_fails_when_no_attempt_is_left() -> None:
    """The job's error is that of the last attempt; `max_attempts` is the flow's unless given."""
    done = rehearse(flaky, {"fails": 3})
    assert (done.state, len(done.attempts), done.error) == (
        "failed",
        3,
        "ConnectionError: no line at attempt 3",
    )
    assert rehearse(flaky, {"fails": 3}, max_attempts=4).state == "completed"


def test_rehearsal_may_begin_with_a_later_attempt() -> None:
    """The second attempt can be rehearsed alone, and with another timeout."""
    done = rehearse(flaky, {"fails": 1}, attempt=2, remaining_seconds=0.5)
    assert (done.output["attempt"], done.output["left"]) == (2, 0.5)
    with pytest.raises(ValueError, match="from 1 to 3"):
        rehearse(flaky, {"fails": 1}, attempt=4)


def test_permanent_error_ends_it_at_once() -> None:
    """No further attempt is made, and the reason is shown."""
    done = rehearse(hopeless)
    assert (done.state, done.error) == ("failed", "PermanentError: never")
    assert [attempt.permanent for attempt in done.attempts] == [True]


def test_requested_pause_is_shown() -> None:
    """An exception's `retry_after` is shown in seconds; no time passes."""
    assert [attempt.retry_after for attempt in rehearse(busy).attempts] == [7.0, 7.0]


@pytest.mark.parametrize(
    "arguments", [{}, {"at": "soon", "names": []}, {"at": "2026-01-02", "names": [], "more": 1}]
)
def test_wrong_arguments_fail_for_good(arguments: dict[str, Any]) -> None:
    """They are refused by the annotations, as in a worker."""
    done = rehearse(typed, arguments)
    assert (done.state, len(done.attempts), done.attempts[0].permanent) == ("failed", 1, True)
    assert "the arguments do not fit the flow" in (done.error or "")


def test_arguments_must_be_json() -> None:
    """Return a running job that is expected to take that many seconds."""
    with pytest.raises(TypeError):
        rehearse(typed, {"at": datetime(2026, 1, 2), "names": []})  # noqa: DTZ001


def test_output_must_be_json() -> None:
    """A flow that returns anything else fails for good, as it does in a worker."""
    assert "cannot be written as JSON" in (rehearse(flow(lambda_less)).error or "")


def lambda_less() -> object:
    return object()


def test_cancellation_interrupts_a_flow_where_it_reports() -> None:
    """The exception is raised in the flow, also in a coroutine, and the job is cancelled."""
    done = rehearse(stepping, {"steps": 4}, cancel_when=lambda progress: progress["percent"] >= 50)
    assert (done.state, done.output, done.error) == ("cancelled", None, None)
    assert done.progress == ({"percent": 0.0}, {"percent": 25.0}, {"percent": 50.0})


def test_cancelled_job_stays_cancelled() -> None:
    """The flow's result is discarded, but it may clean up and report."""
    done = rehearse(stubborn, cancel_when=lambda _: True)
    assert (done.state, done.output) == ("cancelled", None)
    assert done.progress[-1] == {"message": "cancelled: True"}


def test_interrupt_of_the_keyboard_ends_the_test() -> None:
    """It is no failed attempt, even if the flow catches it."""

    @flow
    def interrupted() -> None:
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)

    usual = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        rehearse(interrupted)
    assert signal.getsignal(signal.SIGINT) is usual


@pytest.mark.asyncio
async def test_flows_are_rehearsed_where_a_loop_runs() -> None:
    """Coroutines may, and so may functions that run an event loop of their own."""

    @flow
    def running() -> int:
        return asyncio.run(asyncio.sleep(0, 7))

    assert rehearse(stepping, {"steps": 3}).output == 3
    assert rehearse(running).output == 7
    assert rehearse(stepping, {"steps": 4}, cancel_when=lambda _: True).state == "cancelled"


def test_results_are_written_by_the_return_annotation() -> None:
    """A value that cannot be written fails at once, as in a worker."""

    @flow
    def dated(*, good: bool) -> dict[str, list[datetime]]:
        return {"days": [datetime(2026, 1, 2), cast("Any", object()) if not good else datetime(2026, 1, 3)]}  # noqa: DTZ001

    assert rehearse(dated, {"good": True}).output == {"days": ["2026-01-02T00:00:00", "2026-01-03T00:00:00"]}
    done = rehearse(dated, {"good": False})
    assert (done.error or "").startswith("ResultError: `days[1]`: an object of the type 'object'")
    assert len(done.attempts) == 1


def test_log_of_a_flow_is_pythons_own(caplog: pytest.LogCaptureFixture) -> None:
    """It takes fields as the worker's log does, and shows what the flow raised."""
    with caplog.at_level(logging.INFO, "noukai.flow"):
        rehearse(chatty)
        rehearse(hopeless)
    first, second = caplog.records
    assert (first.getMessage(), vars(first)["words"], vars(first)["lines"]) == ("counted", 3, 1)
    assert second.exc_info is not None


def test_nothing_of_aws_is_needed() -> None:
    """A flow author's installation is enough: the client and this repository."""
    done = subprocess.run(
        [sys.executable, "-c", NEEDS_NO_LIBRARY_OF_AWS], capture_output=True, text=True, check=True
    )
    assert done.stdout == "2\n"
