"""The lines of an export to a file or to stdout, with a bar; and how it goes on after it was cut off."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from botocore.exceptions import BotoCoreError, ClientError

from noukai_infra.operations.account import OperatorError
from noukai_infra.terminal import tell_beside
from noukai_infra.transfer.bar import bar
from noukai_infra.transfer.export import Export
from noukai_infra.transfer.place import ExportFile, Place

_CUT_OFF = (KeyboardInterrupt, BotoCoreError, ClientError, OSError)
_LABEL = "exporting"


def to_file(export: Export, path: Path, stack: str) -> Iterator[int]:
    """Write to a file, or go on with it; yield after each page how many jobs it has."""
    begin = Place(stack, export.selection)
    with bar(_LABEL, export.size()) as show, ExportFile.opened(path, begin) as target:
        jobs, rows = target.place.jobs, target.place.rows
        try:
            for page in export.pages(target.place.after):
                for _, line in page.lines:
                    target.file.write(line)
                    jobs += 1
                rows += page.rows
                if page.after is not None:
                    target.keep(Place(stack, export.selection, page.after, target.file.tell(), jobs, rows))
                show(rows, f"{jobs} jobs")
                yield jobs
            target.complete()
        except _CUT_OFF as error:
            tell_beside(f"{path} has {target.place.jobs} jobs so far: the same command goes on with it.")
            raise _as_told(error, str(path)) from error


def to_stdout(export: Export, after: str | None, out: BinaryIO | None = None) -> Iterator[int]:
    """Write to stdout the jobs after one; yield after each page how many there are."""
    out = out or sys.stdout.buffer
    jobs = rows = 0
    with bar(_LABEL, export.size()) as show:
        try:
            for page in export.pages(after):
                for job_id, line in page.lines:
                    out.write(line)
                    jobs, after = jobs + 1, job_id
                out.flush()
                after, rows = page.after or after, rows + page.rows
                show(rows, f"{jobs} jobs")
                yield jobs
        except BrokenPipeError:
            raise  # the reader has what it wants
        except _CUT_OFF as error:
            tell_beside(f"{jobs} jobs are written: the same command with --after {after} writes the others.")
            raise _as_told(error, "stdout") from error


def _as_told(error: BaseException, name: str) -> BaseException:
    """Return an error that is shown without its trace."""
    if isinstance(error, OSError):
        return OperatorError(f"{name} cannot be written: {error.strerror}.")
    return error
