"""A pseudo-terminal for the command."""

import os
import pty
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.client.cli.test_command_process import NOUKAI


class Terminal:
    """A terminal that a command draws on, and all that it has drawn."""

    def __init__(self, master: int) -> None:
        self._master = master
        self.shown = ""

    def read(self) -> str:
        """Read on until nothing has the other side open any more."""
        while piece := self._piece():
            self.shown += piece
        return self.shown

    def wait_for(self, text: str) -> None:
        """Read on until the text is there."""
        while text not in self.shown:
            piece = self._piece()
            assert piece, f"{text!r} did not come: {self.shown!r}"
            self.shown += piece

    def _piece(self) -> str:
        try:
            return os.read(self._master, 65536).decode(errors="replace")
        except OSError:  # Linux answers so when the last process has closed the other side
            return ""


@contextmanager
def on_terminal(*arguments: str, **variables: str) -> Iterator[tuple["subprocess.Popen[bytes]", Terminal]]:
    """Run the command with both outputs on a terminal of 80 columns, or as the variables say."""
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80", **variables}
    try:
        with subprocess.Popen([NOUKAI, *arguments], stdout=slave, stderr=slave, env=environment) as process:
            os.close(slave)
            yield process, Terminal(master)
    finally:
        os.close(master)
