"""`python -m infra.local.demo`: the whole system on this machine runs one job on a real text."""

import os
import pty
import signal
import sys
import time
from pathlib import Path

from infra.local.deployment import LOCAL_KEYS
from infra.local.errors import LocalError
from infra.local.running import ready
from infra.settings import ROOT

FLOW = "acme/demo/word-count"
TEXT = "LICENSE"


def main() -> int:
    """Start it, submit the text with the command `noukai`, wait for the result and stop; the command's exit status."""
    # An end that is asked for stops the system too.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(1))
    began = time.monotonic()
    print("Starting the system on this machine ...", flush=True)  # noqa: T201 - it is what the demo is for
    try:
        with ready(os.environ) as url:
            command = ["noukai", "submit", FLOW, "-f", TEXT, "-p", "pause=0.4", "--wait"]
            print(f"{url} ready after {time.monotonic() - began:.1f} s\n$ {' '.join(command)}", flush=True)  # noqa: T201
            return _run(command, url)
    except LocalError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _run(command: list[str], url: str) -> int:
    program = str(Path(sys.executable).with_name(command[0]))
    os.chdir(ROOT)
    os.environ.update(NOUKAI_BASE_URL=url, NOUKAI_API_KEY=LOCAL_KEYS["acme"])
    # The command shows progress on a terminal only; where there is none, a log for instance, it gets one of its own.
    return os.waitstatus_to_exitcode(pty.spawn([program, *command[1:]]))


if __name__ == "__main__":
    sys.exit(main())
