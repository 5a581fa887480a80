"""The error of a job whose process was killed."""

import os
import re
import signal

from noukai.flow.runtime import Raised
from noukai_functions.worker.exchange import Outcome, ProgressBoard
from tests.flow_process import ended, started
from tests.unit.own_process import in_fresh_process


def test_error_of_an_oom_kill_names_the_memory() -> None:
    """It names the most memory that the process held, and the worker's memory."""
    in_fresh_process(_kill_a_large_process)


def _kill_a_large_process() -> None:
    def body(_: ProgressBoard) -> Outcome:
        held = bytearray(b"x") * (600 << 20)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError(held)

    outcome = ended(*started(body, memory=1 << 30))
    assert isinstance(outcome, Raised)
    said = r"ProcessDied: .* SIGKILL, most likely out of memory: "
    held = r"it held up to (\d+) MB, and its worker has 1024 MB"
    found = re.fullmatch(said + held, outcome.error)
    assert found is not None, outcome
    assert 600 <= int(found[1]) < 900
