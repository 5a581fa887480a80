"""The command `noukai` as a real process, on terminals and under signals."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

from tests.client.script import job
from tests.client.servers.fake_api import FakeApi

NOUKAI = str(Path(sys.executable).with_name("noukai"))


def test_the_progress_is_shown_on_a_terminal(api: FakeApi) -> None:
    """On a terminal a bar on stderr shows the progress as it comes; stdout has the result alone."""
    api.live("job_words", *[job(progress={"percent": part, "message": f"part {part}"}) for part in (10, 60)])
    api.lives["job_words"].append({**api.lives["job_done"][0], "id": "job_words"})
    terminal, stderr = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(
        [NOUKAI, "wait", "job_words"], stdout=subprocess.PIPE, stderr=stderr, env=environment
    ) as process:
        os.close(stderr)
        shown = b"".join(iter(lambda: _read(terminal), b"")).decode()
        printed, _ = process.communicate()
    os.close(terminal)
    assert (process.returncode, printed.decode()) == (0, "grüße\n")
    for part in ("job_words", "10 % part 10", "60 % part 60"):
        assert part in shown
    assert set(api.follows) == {True}


def test_an_interrupted_wait_says_how_to_go_on(api: FakeApi) -> None:
    """Ctrl-C ends the wait, not the job: the exit code is 130, without a traceback, and the id is named."""
    api.live("job_held", job("running"))
    with subprocess.Popen(
        [NOUKAI, "wait", "job_held"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert api.holding.wait(30)
        process.send_signal(signal.SIGINT)
        printed, said = process.communicate()
    assert (process.returncode, printed) == (130, b"")
    assert (
        said.decode()
        == "noukai: interrupted, but the job goes on; wait for it again with: noukai wait job_held\n"
    )


def test_a_terminal_of_few_characters_is_no_error(api: FakeApi) -> None:
    """What the terminal's encoding cannot show is written as an escape, instead of a traceback."""
    api.live("job_drawn", job("completed", result={"status": "completed", "output": "ü →"}))
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run([NOUKAI, "wait", "job_drawn"], env=environment, capture_output=True, check=True)
    assert done.stdout == b"\xfc \\u2192\n"


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux answers so when the last process has closed the other side
        return b""
