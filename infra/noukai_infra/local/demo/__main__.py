"""The command `python -m noukai_infra.local.demo`: the local system runs one job on a real text."""

import os
import pty
import shlex
import signal
import sys
from pathlib import Path

from rich.console import Console

from noukai_infra.folders import REPOSITORY, SOURCES
from noukai_infra.local.assembly.emulated_stack import LOCAL_KEYS
from noukai_infra.local.demo.progress import DemoProgress, keep_seconds, read_seconds
from noukai_infra.local.errors import LocalError
from noukai_infra.local.running import started
from noukai_infra.local.terminal.steps import Step
from noukai_infra.repository.beginning import TEMPLATE

FLOW = "acme/demo/word-count"
TEXT = "LICENSE"
_OF_THIS_REPOSITORY = ["noukai", "submit", FLOW, "-f", TEXT, "-p", "pause=0.4", "--wait"]
_OF_A_TEAM = [
    "noukai",
    "submit",
    "acme/hello/hello",
    "-m",
    "Ada Barbara Grace Hedy",
    "-p",
    "pause=1",
    "--wait",
]
"""The command for the flow of a new repository. A team may have deleted that flow, so the demo
brings its own."""

_LOAD = "starting the system on this machine ..."
_JOB = "running a job ..."
_USUAL_SECONDS = {_LOAD: 1.5, Step.BUILD: 9.0, Step.DEPLOY: 2.0, Step.ANSWER: 1.0, _JOB: 10.0}
"""Measured on two cores, with the functions' libraries not yet installed."""

_KEPT_SECONDS = REPOSITORY / ".build" / "demo.json"


def main() -> int:
    """Start the local system, submit a job with the command `noukai`, wait for the result and stop.

    Returns the command's exit status.
    """
    # A requested end must stop the system too.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(1))
    progress = DemoProgress(read_seconds(_KEPT_SECONDS, _USUAL_SECONDS), Console(highlight=False))
    try:
        is_here = REPOSITORY == SOURCES
        with started(os.environ, flows=None if is_here else TEMPLATE / "flows") as system:
            with progress.shown():
                progress.begin(_LOAD)
                url = system.wait_until_ready(progress.begin)
                progress.begin(_JOB)
            status = _run(_OF_THIS_REPOSITORY if is_here else _OF_A_TEAM, url)
    except LocalError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if status == 0:
        keep_seconds(_KEPT_SECONDS, progress.taken())
    return status


def _run(command: list[str], url: str) -> int:
    print(f"$ {shlex.join(command)}", flush=True)  # noqa: T201 - printing is the demo's purpose
    program = str(Path(sys.executable).with_name(command[0]))
    os.chdir(REPOSITORY)
    os.environ.update(NOUKAI_BASE_URL=url, NOUKAI_API_KEY=LOCAL_KEYS["acme"])
    # The command shows progress only on a terminal, so it gets a pseudo-terminal if there is none.
    return os.waitstatus_to_exitcode(pty.spawn([program, *command[1:]]))


if __name__ == "__main__":
    sys.exit(main())
