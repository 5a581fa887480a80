"""The local system as a child process."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from noukai_infra.folders import REPOSITORY
from noukai_infra.local.errors import LocalError
from noukai_infra.local.terminal.steps import Step

READY = " ready"

_START_SECONDS = 120
_STOP_SECONDS = 10


class Running:
    """A process of the local system and its output."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._lines: list[str] = []
        self._ended = False
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def output(self) -> str:
        """Return its whole output so far."""
        with self._news:
            return "\n".join(self._lines)

    def wait_for(self, wanted: Callable[[str], bool], seconds: float) -> str:
        """Return the first matching line, past or future.

        Raises:
            LocalError: it has ended, or the time is over, without such a line.
        """

        def found() -> list[str]:
            return [line for line in self._lines if wanted(line)]

        with self._news:
            self._news.wait_for(lambda: found() or self._ended, seconds)
            lines = found()
        if not lines:
            raise LocalError(f"The local system has not written the expected line:\n{self.output}")
        return lines[0]

    def wait_until_ready(self, on_step: Callable[[Step], None] = lambda _: None) -> str:
        """Return its base URL once it is ready; call `on_step` at each step of its start.

        Raises:
            LocalError: it does not start; the message is its output.
        """
        for step in Step:
            self.wait_for(step.__eq__, _START_SECONDS)
            on_step(step)
        return self.wait_for(lambda line: line.endswith(READY), _START_SECONDS).removesuffix(READY)

    def stop(self) -> None:
        """Ask it to stop, and wait until it has stopped."""
        self.process.terminate()
        try:
            self.process.wait(_STOP_SECONDS)
        finally:
            self.process.kill()
            self._reader.join()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            with self._news:
                self._lines.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()


@contextmanager
def started(
    environ: Mapping[str, str], *, flows: Path | None = None, port: int = 0, data: Path | None = None
) -> Iterator[Running]:
    """Start the local system, by default on a free port, and stop it at the end."""
    folders = {"FLOWS": str(flows.absolute()) if flows else "", "DATA": str(data.absolute()) if data else ""}
    settings = {"PORT": str(port), "FRESH": "", **folders}
    command = [sys.executable, "-m", "noukai_infra.local"]
    with running(command, REPOSITORY, {**environ, **settings}) as system:
        yield system


@contextmanager
def running(command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> Iterator[Running]:
    """Run a command that starts the local system, and stop it at the end."""
    process = subprocess.Popen(  # noqa: S603 - our own command
        command,
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # An interrupt at the terminal is for the parent, which stops this process at the end.
        start_new_session=True,
    )
    with process:
        system = Running(process)
        try:
            yield system
        finally:
            system.stop()


@contextmanager
def ready(
    environ: Mapping[str, str] = os.environ, *, flows: Path | None = None, port: int = 0
) -> Iterator[str]:
    """Start the local system, yield its base URL once it is ready, and stop it at the end.

    Raises:
        LocalError: it does not start; the message is its output.
    """
    with started(environ, flows=flows, port=port) as system:
        yield system.wait_until_ready()
