"""The lines that are imported: all are checked before the first is put."""

import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from noukai_infra.operations.account import OperatorError
from noukai_infra.transfer.bar import Show, bar
from noukai_infra.transfer.bounds import MAX_LINE_BYTES
from noukai_infra.transfer.restoring import Fate, Import, bad_lines

_SHOWN = 20
"""How many bad lines are named."""


@contextmanager
def opened(file: Path | None) -> Iterator[BinaryIO]:
    """Open a file, or keep what comes from stdin in one: it is read twice.

    Raises:
        OperatorError: it cannot be read.
    """
    try:
        with ExitStack() as stack:
            found = sys.stdin.buffer if file is None else stack.enter_context(file.open("rb"))
            yield found if file is not None and found.seekable() else stack.enter_context(_kept(found))
    except OSError as error:
        raise OperatorError(f"{file or 'stdin'} cannot be read: {error.strerror}.") from error


@contextmanager
def _kept(pipe: BinaryIO) -> Iterator[BinaryIO]:
    with TemporaryFile() as kept:
        shutil.copyfileobj(pipe, kept)
        yield kept


def check(file: BinaryIO, now: int) -> None:
    """Check every line, at a time in milliseconds since the epoch.

    Raises:
        OperatorError: some are no jobs; the message names the first of them by their numbers.
    """
    bad, count = [], 0
    with bar("checking", _size(file)) as show:
        for each in bad_lines(_told(file, show), now):
            count += 1
            if count <= _SHOWN:
                bad.append(f"line {each.number}: {each.reason}")
    if bad:
        more = f"\nand {count - _SHOWN} more" if count > _SHOWN else ""
        raise OperatorError(
            "\n".join(bad) + f"{more}\nNothing was imported: mend these lines, or delete them."
        )


def put(restoring: Import, file: BinaryIO) -> Iterator[Counter[Fate]]:
    """Import every line; yield what was done with some of them at a time."""
    file.seek(0)
    done = jobs = 0
    with bar("importing", _size(file)) as show:
        try:
            for length, fates in restoring.run(file):
                done, jobs = done + length, jobs + fates.total()
                show(done, f"{jobs} jobs")
                yield fates
        except ValueError as error:
            raise OperatorError(f"The file changed during the import ({error}): import it again.") from error


def _told(file: BinaryIO, show: Show) -> Iterator[bytes]:
    file.seek(0)
    done = 0
    for number, line in enumerate(_lines(file), start=1):
        yield line
        done += len(line)
        show(done, f"{number} lines")


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Return the lines; one that is too long comes in parts, so that it does not fill the memory."""
    while line := file.readline(MAX_LINE_BYTES + 1):
        yield line


def _size(file: BinaryIO) -> int:
    place = file.tell()
    size = file.seek(0, 2)
    file.seek(place)
    return size
