"""The file of an export and its place: how far it has come, so that it goes on after it was cut off."""

import fcntl
import json
import os
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from noukai_infra.operations.account import OperatorError
from noukai_infra.transfer.export import Selection

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Place:
    """The place that an export has reached."""

    stack: str
    selection: Selection
    after: str | None = None
    """The key of the last row that was read."""
    bytes: int = 0
    """The length of the file up to there: what follows is of a page that was cut off."""
    jobs: int = 0
    rows: int = 0

    def text(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse what `text` returns; a `ValueError` or `TypeError` says that it is something else."""
        values = json.loads(text)
        place = cls(**{**values, "selection": Selection(**values["selection"])})
        if any(type(number) is not int or number < 0 for number in (place.bytes, place.jobs, place.rows)):
            raise ValueError("a number is invalid")
        return place


@dataclass
class ExportFile:
    """A file that is being written; beside it is a file with its place, until it is complete."""

    path: Path
    file: IO[bytes]
    place: Place

    @classmethod
    @contextmanager
    def opened(cls, path: Path, begin: Place) -> "Iterator[ExportFile]":
        """Begin a file, or go on with one of the same stack and selection.

        Raises:
            OperatorError: the file is something else.
        """
        with _locked(path) as (file, is_new):
            opened = cls(path, file, begin if is_new else _found(path, begin, file.seek(0, os.SEEK_END)))
            file.truncate(opened.place.bytes)
            file.seek(opened.place.bytes)
            opened.keep(opened.place)
            yield opened

    def keep(self, place: Place) -> None:
        """Write the place, after all that comes before it."""
        self._flush()
        self.place = place
        part = _place_of(self.path).with_suffix(".part")
        part.write_text(place.text())
        part.replace(_place_of(self.path))

    def complete(self) -> None:
        """Delete the place, once the whole file is on the disk."""
        self._flush()
        _place_of(self.path).unlink()

    def _flush(self) -> None:
        self.file.flush()
        os.fsync(self.file.fileno())


def _place_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.place")


@contextmanager
def _locked(path: Path) -> "Iterator[tuple[IO[bytes], bool]]":
    """Open a file, which no other export writes meanwhile; yield with it whether it is new."""
    is_new = not path.exists()
    # Readable for its owner alone: it holds what callers have stored.
    flags = os.O_RDWR | (os.O_CREAT | os.O_EXCL if is_new else 0)
    try:
        file = os.fdopen(os.open(path, flags, 0o600), "r+b")
    except OSError as error:
        raise OperatorError(f"{path} cannot be written: {error.strerror}. Name another file.") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise OperatorError(f"Another export writes {path}: wait for it, or name another file.") from None
    try:
        yield file, is_new
    finally:
        # What a full disk does not take is written again from the place on.
        with suppress(OSError):
            file.close()


def _found(path: Path, begin: Place, size: int) -> Place:
    """Return the place of an export that was cut off."""
    beside = _place_of(path)
    if not beside.exists():
        raise OperatorError(f"{path} exists, and no export of it was cut off: name another file.")
    try:
        place = Place.parse(beside.read_text())
    except (ValueError, TypeError, KeyError) as error:
        raise OperatorError(
            f"{beside} is not the place of an export ({error}): delete it and {path}, and export again."
        ) from error
    if (place.stack, place.selection) != (begin.stack, begin.selection):
        raise OperatorError(
            f"{path} is a part of another export, of {place.stack} with {place.selection}: name another "
            f"file, or go on with the options of then. To give that one up, delete {path} and {beside}."
        )
    if size < place.bytes:
        raise OperatorError(
            f"{path} has {size} bytes, and its export had come to {place.bytes}: delete it and {beside}, and "
            "export again."
        )
    return place
