"""Tests that would spoil the process for others: each runs in its own child."""

import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from noukai_infra.settings import ROOT


def in_own_process(test: Callable[[], object]) -> None:
    """Run it in a child whose group ends with it; its exception is shown and fails the calling test."""
    pid = os.fork()
    if pid == 0:
        _run(test)
    status = os.waitpid(pid, 0)[1]
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    assert os.waitstatus_to_exitcode(status) == 0


def in_fresh_process(test: Callable[[], object]) -> None:
    """Run a function of a module in a fresh interpreter: a fork would include the memory of earlier tests.

    `multiprocessing` would leave a process behind, which other tests would take for an orphan of theirs.
    """
    program = f"from {test.__module__} import {test.__name__} as test; test()"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


def _run(test: Callable[[], object]) -> NoReturn:
    status = 1
    try:
        os.setpgid(0, 0)
        test()
        status = 0
    except BaseException:  # noqa: BLE001 - the child must not go on with the tests of its parent
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(status)


def with_own_streams() -> None:
    """Give the process streams like a flow's, not those that capture a test's output."""
    reading, writing = os.pipe()
    for number, descriptor in enumerate((reading, writing, writing)):
        os.dup2(descriptor, number)
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(number, "r" if number == 0 else "w") for number in range(3)
    )
