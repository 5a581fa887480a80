"""The data folder of a local system, kept for its next run."""

import fcntl
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from noukai_infra.command_line import local_command
from noukai_infra.local.emulator.contents import ContentsError, queues_with_messages, read_contents
from noukai_infra.local.errors import LocalError
from noukai_infra.stack.base.worker_kinds import DeployedQueue


@dataclass(frozen=True, slots=True)
class Data:
    """A folder locked by one run at a time; without a folder, nothing is kept."""

    folder: Path | None
    waiting: tuple[str, ...] = ()
    """The worker kinds whose queues held messages when the previous run ended."""
    flows: tuple[str, ...] = ()
    """The flows of earlier runs, by `project/flow`."""

    @classmethod
    @contextmanager
    def locked(cls, folder: Path | None, *, is_fresh: bool) -> "Iterator[Data]":
        """Lock the folder; empty it if `is_fresh`.

        Raises:
            LocalError: another run has locked it, it is not writable, or its content is invalid.
        """
        if folder is None:
            yield cls(None)
            return
        with _lock_file(folder) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise LocalError(
                    f"Another local system uses the data in {folder}: set DATA to another folder."
                ) from None
            if is_fresh:
                for file in (_contents(folder), _kinds(folder), _flows(folder)):
                    file.unlink(missing_ok=True)
            yield cls(folder, _waiting(folder), _former(folder))

    @property
    def contents(self) -> Path | None:
        """Return the file of the resources' content."""
        return None if self.folder is None else _contents(self.folder)

    @property
    def is_there(self) -> bool:
        """Return whether an earlier run has left data."""
        return self.contents is not None and self.contents.exists()

    def remember(self, queues: Mapping[str, DeployedQueue], flows: Sequence[str]) -> None:
        """Record the queue of each worker kind, and the current and former flows."""
        if self.folder is not None:
            names = {kind: queue.name for kind, queue in queues.items()}
            _kinds(self.folder).write_text(json.dumps(names))
            _flows(self.folder).write_text(json.dumps(flows))


def _lock_file(folder: Path) -> TextIO:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return (folder / "lock").open("w")
    except OSError as error:
        raise LocalError(f"DATA={folder} is not a writable folder: {error.strerror}.") from error


def _contents(folder: Path) -> Path:
    return folder / "contents"


def _kinds(folder: Path) -> Path:
    return folder / "profiles.json"


def _flows(folder: Path) -> Path:
    return folder / "flows.json"


def _waiting(folder: Path) -> tuple[str, ...]:
    try:
        queues = queues_with_messages(read_contents(_contents(folder)))
        kinds = json.loads(_kinds(folder).read_text()) if _kinds(folder).exists() else {}
    except (ContentsError, ValueError) as error:
        raise _unreadable(folder, error) from error
    return tuple(kind for kind, queue in kinds.items() if queue in queues)


def _former(folder: Path) -> tuple[str, ...]:
    try:
        return tuple(json.loads(_flows(folder).read_text())) if _flows(folder).exists() else ()
    except ValueError as error:
        raise _unreadable(folder, error) from error


def _unreadable(folder: Path, error: Exception) -> LocalError:
    return LocalError(
        f"The data in {folder} cannot be read ({error}): `{local_command('fresh')}` starts anew."
    )
