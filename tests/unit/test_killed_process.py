"""What a worker says of a flow's process that was killed."""

import os
import re
import resource
import signal

from functions.outcome import Outcome, Raised
from functions.progress import ProgressBoard
from tests.flow_process import ended, started


def test_process_that_is_killed_for_its_memory_says_how_much_it_held() -> None:
    """The most that it ever held, beside what its worker has."""

    def body(_: ProgressBoard) -> Outcome:
        held = bytearray(b"x") * (600 << 20)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError(held)

    outcome = ended(started(body))
    assert isinstance(outcome, Raised)
    said = r"ProcessDied: .* SIGKILL, most likely out of memory: it held up to (\d+) MB, and its worker has 1024 MB"
    found = re.fullmatch(said, outcome.error)
    assert found is not None, outcome
    # A forked process counts what it shares with the one that it was forked from.
    shared = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    assert 600 <= int(found[1]) < 900 + shared
