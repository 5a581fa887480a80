"""Changes of a process that are hard or impossible to undo, each in its own process."""

import contextlib
import io
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from noukai_functions.worker.inside.surroundings import Surroundings, flush_output
from tests.unit.own_process import in_own_process, with_own_streams


def close_output() -> None:
    sys.stdout.close()


def detach_output() -> None:
    sys.stdout.detach()  # type: ignore[union-attr]


def wrap_output() -> None:
    sys.stdout = io.TextIOWrapper(sys.stdout.buffer)


def keep_wrapped_output() -> None:
    globals()["kept"] = sys.stdout = io.TextIOWrapper(sys.stdout.buffer)


def redirect_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def hold_signal_back() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    os.kill(os.getpid(), signal.SIGUSR1)


def limit_files() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


def leave_deleted_folder() -> None:
    os.chdir("/")
    Path(os.environ["ITS_FOLDER"]).rmdir()


def break_environment() -> None:
    os.environ["LEFT"] = "behind"
    type(os.environ).copy = None  # type: ignore[assignment, method-assign]


REPLACED: dict[str, Callable[[], object]] = {
    "closed stream": close_output,
    "closed descriptor": lambda: os.close(0),
    "wrapped stream": wrap_output,
    "wrapped stream that is kept": keep_wrapped_output,
    "detached stream": detach_output,
    "redirected descriptor": redirect_output,
    "pending signal": hold_signal_back,
    "resource limit": limit_files,
    "priority": lambda: os.nice(1),
    "deleted folder": leave_deleted_folder,
    "broken environment": break_environment,
}


@pytest.mark.parametrize("kind", REPLACED)
def test_irreversible_change_is_reported(kind: str, tmp_path: Path) -> None:
    """A process that cannot be restored reports it, without raising or dying."""
    folder = tmp_path / "folder"
    folder.mkdir()

    def attempt() -> None:
        with_own_streams()
        os.chdir(folder)
        os.environ["ITS_FOLDER"] = str(folder)
        surroundings = Surroundings()
        REPLACED[kind]()
        assert not surroundings.restore()

    in_own_process(attempt)


def test_state_that_cannot_be_noted() -> None:
    """A module with state that cannot be noted costs its process after each attempt, and nothing else."""

    def attempt() -> None:
        os.environ = None  # type: ignore[assignment]  # noqa: B003 - as no module should
        del sys.stderr
        with contextlib.suppress(OSError):
            os.close(0)
        surroundings = Surroundings()
        surroundings.place_temporary_files("/tmp")
        assert not surroundings.restore()

    in_own_process(attempt)


def test_output_that_cannot_be_flushed_harms_nothing() -> None:
    """A flow's stream that raises is ignored."""

    class Broken(io.StringIO):
        def flush(self) -> None:
            raise SystemExit

    def attempt() -> None:
        surroundings = Surroundings()
        sys.stdout = Broken()
        flush_output()
        assert surroundings.restore()

    in_own_process(attempt)


def test_own_code_can_be_imported_whatever_the_path() -> None:
    """A project that changes the path keeps its order, and cannot hide our later imports."""

    def attempt() -> None:
        before = [*sys.path]
        sys.path[:] = ["/opt/own"]
        surroundings = Surroundings()
        assert sys.path == ["/opt/own", *before]
        sys.path.clear()
        assert surroundings.restore()
        assert sys.path == before

    in_own_process(attempt)
