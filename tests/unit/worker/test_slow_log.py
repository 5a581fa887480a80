"""Output that a log takes in pieces."""

import os
import time
from unittest.mock import patch

from noukai_functions.logs.masking import Masker
from noukai_functions.worker.process.connection import Connection
from noukai_functions.worker.process.conversation import Conversation
from noukai_functions.worker.process.output import ERRORS
from tests.flow_process import reaper
from tests.unit.own_process import in_own_process

PRINTED = b"x" * 1023 + b"\n"
LINES = 512


def test_output_goes_on_as_soon_as_the_log_takes_more() -> None:
    """A flow's quiet pipe is read rarely, but holds a fraction of what the flow may print."""
    in_own_process(_pass_on_to_a_full_log)


def _pass_on_to_a_full_log() -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.dup2(writing, ERRORS)
    pid = os.fork()
    if pid == 0:
        time.sleep(600)
    connection = Connection(Masker())
    for _ in range(LINES):
        os.write(connection.output.writing[0], PRINTED)
    logged = b""
    with patch("noukai_functions.worker.process.conversation._OUTPUT_SECONDS", 600):
        conversation = Conversation(connection, pid, reaper())
        while len(logged) < LINES * len(PRINTED):
            conversation.wait(time.monotonic() + 5)
            logged += os.read(reading, 1 << 20)
    assert logged == PRINTED * LINES
