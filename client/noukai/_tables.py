"""Tables of the command: whole where no terminal bounds them, on a terminal as much as is wide enough for a line."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from noukai_wire.display import one_line, progress_line
from noukai_wire.models import JobStatus
from noukai_wire.usage import UsageReport, Use

_GAP = 2
_NARROWEST = 12
"""Columns that a text is worth cutting to."""

_WIDEST = 10_000

Row = Mapping[str, str]


@dataclass(frozen=True)
class _Layout:
    """Columns from left to right; `essential` ones are always shown, and the others while there is room, in order."""

    columns: Sequence[str]
    essential: Sequence[str]
    others: Sequence[str]
    numbers: Sequence[str] = ()

    def widths(self, rows: Sequence[Row], room: int, *, heading: bool) -> dict[str, int]:
        """Return the columns that are shown, with their widths: the last one for which there is room may be cut."""
        whole = {name: max(cell_len(row[name]) for row in [{name: name * heading}, *rows]) for name in self.columns}
        shown = {name: whole[name] for name in self.essential}
        left = room - sum(shown.values()) - _GAP * (len(shown) - 1)
        for name in self.others:
            width = min(whole[name], left - _GAP)
            if width == whole[name] or (width >= _NARROWEST and name not in self.numbers):
                shown[name] = width
                left -= width + _GAP
        return {name: shown[name] for name in self.columns if name in shown}


_JOBS = _Layout(
    columns=("job", "state", "submitted", "ran for", "flow", "said"),
    essential=("job", "state"),
    others=("flow", "said", "submitted", "ran for"),
)
_USAGE = _Layout(
    columns=("day", "flow", "jobs", "completed", "failed", "cancelled", "attempts", "seconds", "GB-seconds", "USD"),
    essential=("day", "flow", "jobs", "USD"),
    others=("failed", "seconds", "GB-seconds", "completed", "cancelled", "attempts"),
    numbers=("jobs", "completed", "failed", "cancelled", "attempts", "seconds", "GB-seconds", "USD"),
)


def show_jobs(jobs: Sequence[JobStatus]) -> None:
    """Print jobs as a table, without a heading where it is not for a terminal."""
    _show(_JOBS, [_job_row(job) for job in jobs], heading=sys.stdout.isatty())


def show_usage(report: UsageReport) -> None:
    """Print what was used, a line for each day and flow and one for all."""
    rows = [{"day": use.day, "flow": one_line(use.flow), **_use_cells(use)} for use in report.days]
    total = {"day": "total", "flow": f"{report.from_} to {report.to}", **_use_cells(report.total)}
    _show(_USAGE, [*rows, total], heading=True)


def _show(layout: _Layout, rows: Sequence[Row], *, heading: bool) -> None:
    is_bounded = sys.stdout.isatty()
    room = Console().width if is_bounded else _WIDEST
    widths = layout.widths(rows, room, heading=heading)
    columns = [
        Column(
            name, no_wrap=True, min_width=width, max_width=width, justify="right" if name in layout.numbers else "left"
        )
        for name, width in widths.items()
    ]
    table = Table(*columns, box=None, pad_edge=False, show_header=heading)
    for row in rows:
        table.add_row(*(Text(row[name]) for name in widths))
    # A line that is wider than the terminal is wrapped there: an id that is cut is none.
    needed = sum(widths.values()) + _GAP * len(widths)
    Console(width=max(room, needed), markup=False, highlight=False).print(table)


def _job_row(job: JobStatus) -> Row:
    return {
        "job": one_line(job.id),
        "state": one_line(job.state),
        "submitted": one_line(job.created_at),
        "ran for": "" if job.ran_for is None else str(job.ran_for),
        "flow": one_line(job.flow or ""),
        "said": one_line(job.error or (progress_line(job.progress) if job.progress else "")),
    }


def _use_cells(use: Use) -> Row:
    return {
        "jobs": str(use.jobs),
        "completed": str(use.completed),
        "failed": str(use.failed),
        "cancelled": str(use.cancelled),
        "attempts": str(use.attempts),
        "seconds": f"{use.compute_ms / 1000:.3f}",
        "GB-seconds": f"{use.gb_seconds:.3f}",
        "USD": f"{use.cost_usd:.6f}",
    }
