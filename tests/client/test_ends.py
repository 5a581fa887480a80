"""The end of programs that wait for jobs: real processes, blocking and async."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from tests.client.script import job
from tests.client.servers.fake_api import FakeApi

_BLOCKING = """
import atexit, threading
from noukai import Noukai

client = Noukai()
"""
_AWAITING = """
import asyncio, atexit, threading
from noukai import AsyncNoukai

async def waited(name):
    async with AsyncNoukai() as client:
        return await client.job(name).wait()
"""
_WAITS = {
    "blocking": (_BLOCKING, "client.job({!r}).wait()"),
    "awaiting": (_AWAITING, "asyncio.run(waited({!r}))"),
}

colours = pytest.mark.parametrize("colour", _WAITS)


def program(colour: str, text: str) -> str:
    """Return a program in which `WAIT(name)` waits for a job."""
    preamble, call = _WAITS[colour]
    for name in ("job_held", "job_done"):
        text = text.replace(f"WAIT({name})", call.format(name))
    return preamble + text


@contextmanager
def running(text: str) -> Generator[subprocess.Popen[str]]:
    """Run a program with all warnings shown."""
    command = [sys.executable, "-W", "default", "-c", text]
    environ = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=environ,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@colours
def test_an_interrupted_wait_says_how_to_go_on(api: FakeApi, colour: str) -> None:
    """Ctrl-C ends the program, with a note of the job, which is not cancelled."""
    api.live("job_held", job("running"))
    with running(program(colour, "WAIT(job_held)")) as process:
        assert api.holding.wait(30)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGINT
    assert (
        "KeyboardInterrupt\njob job_held goes on: client.job('job_held').wait() continues to wait for it"
        in said.replace("asyncio.exceptions.CancelledError\n", "KeyboardInterrupt\n")
    )
    assert api.lives["job_held"][0]["state"] == "running"


_SEVERAL = {
    "blocking": "for job in as_completed([client.job('job_held'), client.job('job_done')]): pass",
    "awaiting": """
async def main():
    async with AsyncNoukai() as client:
        async for job in as_completed([client.job("job_held"), client.job("job_done")]):
            pass

asyncio.run(main())
""",
}


@colours
def test_interrupted_waits_for_many_jobs_say_how_to_go_on(api: FakeApi, colour: str) -> None:
    """The note counts the jobs that have not ended."""
    api.slow.add("status")
    with running(program(colour, "from noukai import as_completed\n" + _SEVERAL[colour])) as process:
        assert api.holding.wait(30)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGINT
    assert "\n2 of 2 jobs go on: as_completed(jobs) continues to wait for them" in said


@colours
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("before", ["", "WAIT(job_done)"], ids=["first request", "later request"])
def test_a_wait_while_python_ends(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch, colour: str, before: str, host: str
) -> None:
    """Exit handlers can wait, registered before the client was made or after."""
    monkeypatch.setenv("NOUKAI_BASE_URL", f"http://{host}:{api.server_port}/api/v1")
    text = f"""
atexit.register(lambda: print(WAIT(job_done).output, "after"))
{before}
"""
    early = "import atexit\natexit.register(lambda: print(early(), 'before'))\n"
    late = "\nearly = lambda: WAIT(job_done).output\n"
    with running(early + program(colour, text + late)) as process:
        printed, said = process.communicate(timeout=30)
    assert (process.returncode, printed) == (0, "grüße after\ngrüße before\n")
    assert not _complaints(said)


@colours
def test_a_daemon_thread_that_waits_keeps_no_program_from_ending(api: FakeApi, colour: str) -> None:
    """The program ends while the request is held, without a message."""
    api.live("job_held", job("running"))
    text = """
threading.Thread(target=lambda: WAIT(job_held), daemon=True).start()
input()
"""
    with running(program(colour, text)) as process:
        assert api.holding.wait(30)
        _, said = process.communicate("\n", timeout=30)
    assert process.returncode == 0
    assert not _complaints(said)


def _complaints(said: str) -> list[str]:
    """Return what a program has printed, except the warning about an open client."""
    return [line for line in said.splitlines() if "ResourceWarning" not in line and "tracemalloc" not in line]
