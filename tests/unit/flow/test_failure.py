"""The error that a caller gets when a flow raised."""

import asyncio
import errno
import logging
import multiprocessing.synchronize
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from noukai.flow import PermanentError, flow
from noukai.flow.runtime import describe_error, raised_by
from noukai.testing import rehearse
from noukai_functions.telemetry.logger import trace_of
from noukai_wire.exceptions import frames_of
from noukai_wire.limits import MAX_ERROR_BYTES


class BusyError(Exception):
    retry_after = timedelta(seconds=7)


class LazyError(Exception):
    retry_after = 2


class MuteError(PermanentError):
    def __str__(self) -> str:
        raise RuntimeError("no text to be had")


class LeavingError(Exception):
    def __str__(self) -> str:
        raise SystemExit(1)


class RudeText:
    def __repr__(self) -> str:
        raise KeyboardInterrupt


class SelfGroup(ExceptionGroup[Exception]):
    """A group that contains itself."""

    @property
    def exceptions(self) -> Any:
        return (*super().exceptions, self)

    @exceptions.setter
    def exceptions(self, value: Any) -> None: ...


class BrokenGroup(ExceptionGroup[Exception]):
    @property
    def exceptions(self) -> Any:
        raise RuntimeError("no members to be had")

    @exceptions.setter
    def exceptions(self, value: Any) -> None: ...


def fail(error: BaseException) -> None:
    raise error


async def fail_later(error: BaseException) -> None:
    await asyncio.sleep(0)
    raise error


async def fail_twice() -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(fail_later(ValueError("first")))
        tasks.create_task(fail_later(KeyError("second")))


def raised(run: Callable[[], Any]) -> BaseException:
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - of every kind
        run()
    return caught.value


def failing_because() -> None:
    try:
        fail(ValueError("the cause"))
    except ValueError as error:
        raise KeyError("the effect") from error


def failing_meanwhile() -> None:
    try:
        fail(ValueError("the first"))
    except ValueError:
        fail(KeyError("the second"))


def test_exception_alone_is_told_with_type_and_text() -> None:
    assert describe_error(raised(lambda: fail(ValueError("two\nlines")))) == "ValueError: two\nlines"
    assert describe_error(ValueError()) == "ValueError"


def test_error_of_a_task_group_names_each_member() -> None:
    """The error has type, text and place of each."""
    told = describe_error(raised(lambda: asyncio.run(fail_twice()))).splitlines()
    assert told[0] == "ExceptionGroup: unhandled errors in a TaskGroup (2 sub-exceptions)"
    place = f"(test_failure.py:{fail_later.__code__.co_firstlineno + 2} in fail_later)"
    assert told[1:] == [f"  ValueError: first {place}", f"  KeyError: 'second' {place}"]


@pytest.mark.parametrize(
    ("run", "relation"),
    [(failing_because, "caused by"), (failing_meanwhile, "while handling")],
    ids=["cause", "context"],
)
def test_what_led_to_an_exception_is_told(run: Callable[[], None], relation: str) -> None:
    told = describe_error(raised(run)).splitlines()
    assert [line.partition(" ValueError")[0] for line in told[1:]] == [relation]
    assert "(test_failure.py:" in told[1]
    assert told[1].endswith("in fail)")


def test_groups_in_groups_and_their_causes_are_told() -> None:
    inner = ExceptionGroup("inner", [OSError("disk")])
    inner.__cause__ = TimeoutError("slow")
    told = describe_error(ExceptionGroup("outer", [inner, ValueError("bad")])).splitlines()
    assert told == [
        "ExceptionGroup: outer (2 sub-exceptions)",
        "  ExceptionGroup: inner (1 sub-exception)",
        "    OSError: disk",
        "  caused by TimeoutError: slow",
        "  ValueError: bad",
    ]


def chain(length: int) -> BaseException:
    errors = [ValueError(str(number)) for number in range(length)]
    for error, cause in pairwise(errors):
        error.__cause__ = cause
    return errors[0]


def nest(depth: int) -> BaseException:
    error: Exception = ValueError("innermost")
    for _ in range(depth):
        error = ExceptionGroup("level", [error])
    return error


def cycle() -> BaseException:
    one, other = ValueError("one"), KeyError("other")
    one.__cause__, other.__cause__ = other, one
    return one


HOSTILE = [
    pytest.param(lambda: SelfGroup("self", [ValueError("member")]), "SelfGroup: self", id="its own member"),
    pytest.param(
        lambda: BrokenGroup("broken", [ValueError("member")]), "BrokenGroup: broken", id="no members"
    ),
    pytest.param(cycle, "caused by KeyError: 'other'", id="causes in a circle"),
    pytest.param(lambda: chain(100_000), "caused by ValueError: 3", id="causes without end"),
    pytest.param(lambda: nest(100_000), "ExceptionGroup: level", id="groups without end"),
    pytest.param(
        lambda: ExceptionGroup("many", [ValueError("x" * 999)] * 9999), "ValueError: xxx", id="many members"
    ),
    pytest.param(
        MuteError, "MuteError: its text cannot be shown, because that raises RuntimeError", id="mute"
    ),
    pytest.param(LeavingError, "LeavingError: its text cannot be shown", id="its text ends the process"),
    pytest.param(
        lambda: KeyError(RudeText()), "KeyError: its text cannot be shown", id="its argument has no text"
    ),
    pytest.param(lambda: ValueError("\ud800"), "ValueError: ?", id="no Unicode"),
]


@pytest.mark.parametrize(("make", "told"), HOSTILE)
def test_hostile_exception_is_reported_as_far_as_possible(
    make: Callable[[], BaseException], told: str
) -> None:
    """The error keeps its type, and the log can be written too."""
    error = make()
    assert told in raised_by(error).error
    assert type(error).__qualname__ in trace_of(error)


def test_exception_keeps_its_permanence_without_a_text() -> None:
    assert raised_by(MuteError()).permanent
    assert not raised_by(LeavingError()).permanent


def test_member_of_a_group_counts_as_if_raised_alone() -> None:
    """A flow of tasks can say that no attempt will help, or when the next one may."""
    assert raised_by(ExceptionGroup("", [ValueError(), ExceptionGroup("", [PermanentError()])])).permanent
    assert raised_by(ExceptionGroup("", [ValueError(), LazyError(), BusyError()])).retry_after == 7
    assert raised_by(ExceptionGroup("", [ValueError()])) == raised_by(
        ExceptionGroup("", [KeyError()])
    ).__class__(raised_by(ExceptionGroup("", [ValueError()])).error)


@pytest.mark.parametrize("size", [10, 1000, 100_000])
@pytest.mark.parametrize("count", [1, 5, 30, 1000])
def test_error_stays_within_its_limit(size: int, count: int) -> None:
    """Long texts are cut before a line is left out."""
    error = ExceptionGroup("g" * size, [ValueError("ü" * size) for _ in range(count)])
    error.__cause__ = OSError("disk")
    told = describe_error(error)
    assert len(told.encode()) <= MAX_ERROR_BYTES
    if count <= 5:
        assert told.splitlines()[-1] == "caused by OSError: disk"
        assert len(told.splitlines()) == count + 2


@pytest.mark.parametrize(
    "error", [SystemExit(3), KeyboardInterrupt("stop"), asyncio.CancelledError("enough")]
)
def test_flow_that_ends_itself_fails(error: BaseException) -> None:
    """It was not interrupted: nobody asked for that."""
    done = rehearse(flow(lambda: fail(error)), max_attempts=1)
    assert done.error == f"{type(error).__name__}: {error}"

    async def later() -> None:
        await fail_later(error)

    assert rehearse(flow(later), max_attempts=1).error == f"{type(error).__name__}: {error}"


def test_trace_shows_the_flow_and_not_what_runs_it(caplog: pytest.LogCaptureFixture) -> None:
    """Our own exceptions are shown whole: nothing else is in them."""
    caplog.set_level(logging.ERROR, logger="noukai.flow")
    rehearse(flow(lambda: fail(ValueError("x"))), max_attempts=1)
    info = caplog.records[-1].exc_info
    assert info is not None
    assert info[1] is not None
    assert [frame.name for frame in frames_of(info[1])] == ["<lambda>", "fail"]
    assert "noukai/flow" not in trace_of(info[1])
    ours = raised(lambda: PermanentError.no_such_thing)  # type: ignore[attr-defined]
    assert frames_of(ours)


def test_missing_shared_memory_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pools of processes are impossible, as on Lambda, the error names an alternative."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(multiprocessing.synchronize._multiprocessing, "SemLock", refuse)  # type: ignore[attr-defined]
    with pytest.raises(OSError, match="not implemented") as caught:
        ProcessPoolExecutor(1)
    assert "use ThreadPoolExecutor, or Process with Pipe" in describe_error(caught.value)
    assert describe_error(OSError(errno.ENOSYS, "x")) == "OSError: [Errno 38] x"
