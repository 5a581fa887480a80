"""A normal flow, which needs its process undamaged."""

import os
import random
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from noukai.flow import Context, flow

FOLDER = Path.cwd()


@flow(max_attempts=1)
def work(number: int, context: Context) -> int:
    """Use files, a program, the log and random numbers."""
    folder = Path(tempfile.gettempdir())
    assert list(folder.iterdir()) == [], "something of another job lies here"
    assert os.environ["TMPDIR"] == str(folder)
    assert os.environ["AWS_REGION"] != "mars-north-1"
    assert Path.cwd() == FOLDER
    assert signal.getsignal(signal.SIGCHLD) is signal.SIG_DFL
    with tempfile.NamedTemporaryFile("w", delete=False) as file:
        file.write(str(number))
    read = subprocess.run(["cat", file.name], stdout=subprocess.PIPE, check=True, text=True).stdout
    assert random.random() != random.Random(1).random()
    print(f"number {number}")
    print(f"number {number}", file=sys.stderr)
    context.logger.info("number", extra={"number": number})
    context.progress(percent=100)
    return int(read)
