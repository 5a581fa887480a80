"""The state of a flow's process: it is noted and restored, each test in its own process."""

import contextvars
import faulthandler
import io
import logging.config
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from noukai_functions.telemetry.logger import logger
from noukai_functions.worker.inside.surroundings import Surroundings, flush_output
from tests.unit.own_process import in_own_process, with_own_streams


def ignore(_number: int, _frame: Any) -> None:
    """Handle a signal by doing nothing."""


def state() -> dict[str, Any]:
    """Return what an attempt can see of its process."""
    zone = time.tzname
    mask = os.umask(0)
    os.umask(mask)
    wakeup = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(wakeup)
    return {
        "environment": (os.environ, dict(os.environ)),
        "time zone": zone,
        "folder": Path.cwd(),
        "mask of files": mask,
        "handlers": [signal.getsignal(number) for number in signal.valid_signals()],
        "mask of signals": signal.pthread_sigmask(signal.SIG_BLOCK, ()),
        "descriptor that signals wake": wakeup,
        "timers": [signal.getitimer(timer) for timer in (signal.ITIMER_REAL, signal.ITIMER_PROF)],
        "streams": (sys.stdin, sys.stdout, sys.stderr),
        "encoding": (sys.stdout.encoding, sys.stdout.errors, sys.stdout.line_buffering),
        "blocking": [os.get_blocking(number) for number in range(3)],
        "keys of the log": dict(logger().get_current_keys()),
        "temporary folder": tempfile.gettempdir(),
    }


def replace_environment() -> None:
    os.environ = {"ONLY": "this"}  # type: ignore[assignment]  # noqa: B003 - as flows do


def replace_output() -> None:
    sys.stdout, sys.stderr = io.StringIO(), io.StringIO()


def delete_output() -> None:
    del sys.stdout


def block_signal() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD, signal.SIGTERM})


def unblock_pipes() -> None:
    for number in range(3):
        os.set_blocking(number, False)


def use_other_zone() -> None:
    os.environ["TZ"] = "Asia/Tokyo"
    time.tzset()


def raise_from_alarm() -> None:
    def handle(_number: int, _frame: Any) -> None:
        raise RuntimeError

    signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 600, 600)


def wake_by_signals() -> None:
    reading, _ = os.pipe()
    os.set_blocking(reading, False)
    signal.set_wakeup_fd(reading)


RESTORED: dict[str, Callable[[], object]] = {
    "variable": lambda: os.environ.update(AWS_REGION="mars-north-1", AWS_ACCESS_KEY_ID="mine"),
    "variable taken away": lambda: os.environ.pop("HOME"),
    "all variables": os.environ.clear,
    "other environment": replace_environment,
    "time zone": use_other_zone,
    "folder": lambda: os.chdir("/"),
    "mask of files": lambda: os.umask(0o777),
    "handler": lambda: signal.signal(signal.SIGUSR1, ignore),
    "children ignored": lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN),
    "mask of signals": block_signal,
    "descriptor that signals wake": wake_by_signals,
    "alarm": lambda: signal.alarm(600),
    "alarm that raises": raise_from_alarm,
    "profile timer": lambda: signal.setitimer(signal.ITIMER_PROF, 600),
    "other streams": replace_output,
    "no stream": delete_output,
    "encoding": lambda: sys.stdout.reconfigure(encoding="latin-1"),  # type: ignore[union-attr]
    "blocking mode": unblock_pipes,
    "keys of the log": lambda: logger().append_keys(customer="somebody"),
    "temporary folder": lambda: setattr(tempfile, "tempdir", "/proc"),
}


@pytest.mark.parametrize("kind", RESTORED)
def test_change_is_undone(kind: str) -> None:
    """What an attempt changed is restored for the next one."""

    def attempt() -> None:
        with_own_streams()
        surroundings = Surroundings()
        before = state()
        RESTORED[kind]()
        assert kind == "no stream" or state() != before
        assert surroundings.restore()
        assert state() == before

    in_own_process(attempt)


def test_attempt_that_changes_nothing_leaves_a_good_process() -> None:
    """A flow without unusual effects costs no process."""

    def attempt() -> None:
        with_own_streams()
        surroundings = Surroundings()
        print("a line")  # noqa: T201 - as a flow does
        flush_output()
        assert all(surroundings.restore() for _ in range(3))

    in_own_process(attempt)


def test_what_the_module_has_set_stays() -> None:
    """A process is restored to its state after the import, with all that the module has set."""

    def attempt() -> None:
        os.environ["CACHE"] = "/opt/model"
        os.umask(0o027)
        signal.signal(signal.SIGUSR2, ignore)
        surroundings = Surroundings()
        os.environ["CACHE"] = "elsewhere"
        assert surroundings.restore()
        assert os.environ["CACHE"] == "/opt/model"
        assert os.umask(0) == 0o027
        assert signal.getsignal(signal.SIGUSR2) is ignore

    in_own_process(attempt)


def test_environment_that_a_module_has_replaced_takes_effect() -> None:
    """A dictionary in its place keeps its variables, also for programs that a flow starts."""

    def attempt() -> None:
        real = os.environ
        os.environ = {**os.environ, "MODE": "batch"}  # type: ignore[assignment]  # noqa: B003 - as modules do
        surroundings = Surroundings()
        assert os.environ is real
        assert os.popen("echo $MODE").read() == "batch\n"
        assert surroundings.restore()

    in_own_process(attempt)


def test_functions_that_a_flow_replaces_are_not_called() -> None:
    """A flow's replacement of a Python function never runs in the restoration."""

    def attempt() -> None:
        surroundings = Surroundings()
        for module, names in (
            (os, ("chdir", "umask", "fstat")),
            (signal, ("signal", "setitimer")),
            (time, ("tzset",)),
        ):
            for name in names:
                setattr(module, name, None)
        os.environ["X"] = "y"
        assert surroundings.restore()
        assert "X" not in os.environ

    in_own_process(attempt)


def test_delayed_traceback_is_cancelled() -> None:
    """A dump that an attempt requested does not appear during the next one."""

    def attempt() -> None:
        reading, writing = os.pipe()
        surroundings = Surroundings()
        faulthandler.dump_traceback_later(0.1, file=writing)
        assert surroundings.restore()
        os.close(writing)
        assert os.read(reading, 1) == b""

    in_own_process(attempt)


def test_temporary_files_lie_in_the_folder_of_the_attempt(tmp_path: Path) -> None:
    """That holds even if the module made one on import."""

    def attempt() -> None:
        before = tempfile.gettempdir()
        surroundings = Surroundings()
        surroundings.place_temporary_files(str(tmp_path))
        with tempfile.NamedTemporaryFile() as file:
            assert Path(file.name).parent == tmp_path
        assert os.popen("echo $TMPDIR").read() == f"{tmp_path}\n"
        assert surroundings.restore()
        assert tempfile.gettempdir() == before

    in_own_process(attempt)


def test_logger_of_flows_is_not_switched_off() -> None:
    """Most logging configurations disable what they do not name."""

    def configure() -> None:
        logger()
        logging.config.dictConfig({"version": 1, "disable_existing_loggers": True})
        assert logging.getLogger(logger().name).disabled

    def attempt() -> None:
        configure()
        surroundings = Surroundings()
        assert not logging.getLogger(logger().name).disabled
        configure()
        assert surroundings.restore()
        assert not logging.getLogger(logger().name).disabled

    in_own_process(attempt)


def test_context_variables_end_with_the_attempt() -> None:
    """A customer that a flow binds to its log lines is not in a later attempt's."""

    def attempt() -> None:
        customer: contextvars.ContextVar[str] = contextvars.ContextVar("customer", default="nobody")
        customer.set("the module's")
        surroundings = Surroundings()
        surroundings.call(lambda: customer.set("somebody"))
        assert surroundings.call(customer.get) == "the module's"

    in_own_process(attempt)
