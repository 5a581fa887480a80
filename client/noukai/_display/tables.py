"""The command's tables: as wide as the terminal, or unlimited without one."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from noukai_wire.keys import Key
from noukai_wire.models import JobStatus
from noukai_wire.rows import (
    NUMBERS,
    Row,
    budget_line,
    delivery_row,
    job_row,
    key_row,
    schedule_row,
    usage_rows,
    webhook_row,
)
from noukai_wire.schedules import Schedule
from noukai_wire.usage import UsageReport
from noukai_wire.webhooks import Webhook, WebhookDelivery

_GAP = 2
_LEAST_GAP = 1
_NARROWEST = 12
"""The least number of columns to which a text is cut."""

_WIDEST = 10_000


@dataclass(frozen=True)
class _Layout:
    """The columns of a table, from left to right.

    `essential` columns are always shown, the others in order while there is room. If there is no room for the
    essential ones, the column `cut` is cut.
    """

    columns: Sequence[str]
    essential: Sequence[str]
    others: Sequence[str]
    cut: str | None = None
    exceptional: str | None = None
    """A column that is left out if it is empty."""

    def widths(self, rows: Sequence[Row], room: int, *, heading: bool) -> dict[str, int]:
        """Return the columns that fit, with their widths; the last one may be cut."""
        whole = {name: _width(name * heading, name, rows) for name in self.columns}
        shown = {name: whole[name] for name in self.essential}
        left = room - sum(shown.values()) - _GAP * (len(shown) - 1)
        if self.cut is not None and left < 0:
            shown[self.cut] = max(min(_NARROWEST, whole[self.cut]), whole[self.cut] + left)
        for name in self.others:
            if name == self.exceptional and not any(row[name] for row in rows):
                continue
            width = min(whole[name], left - _GAP)
            if width == whole[name] or (width >= _NARROWEST and name not in NUMBERS):
                shown[name] = width
                left -= width + _GAP
        return {name: shown[name] for name in self.columns if name in shown}


_JOBS = _Layout(
    columns=("job", "state", "submitted", "ran for", "flow", "said"),
    essential=("job", "state"),
    others=("flow", "said", "submitted", "ran for"),
)
_USAGE = _Layout(
    columns=(
        "day",
        "flow",
        "jobs",
        "completed",
        "failed",
        "cancelled",
        "attempts",
        "seconds",
        "GB-seconds",
        "USD",
    ),
    essential=("day", "flow", "jobs", "USD"),
    others=("failed", "seconds", "GB-seconds", "completed", "cancelled", "attempts"),
    cut="flow",
)

_SCHEDULES = _Layout(
    columns=("name", "state", "next", "flow", "cron", "zone", "problem"),
    essential=("name", "state"),
    others=("problem", "next", "flow", "cron", "zone"),
    exceptional="problem",
)

_WEBHOOKS = _Layout(
    columns=("name", "state", "events", "flow", "url", "problem"),
    essential=("name", "state"),
    others=("problem", "url", "events", "flow"),
    exceptional="problem",
)
_KEYS = _Layout(
    columns=("name", "id", "scopes", "for", "rate", "used", "ends", "made by"),
    essential=("name", "id"),
    others=("scopes", "for", "ends", "used", "rate", "made by"),
)
_DELIVERIES = _Layout(
    columns=("webhook-id", "type", "state", "tries", "status", "event", "next try", "job", "said"),
    essential=("webhook-id", "state"),
    others=("status", "said", "type", "tries", "event", "next try", "job"),
    exceptional="next try",
)


def _width(heading: str, name: str, rows: Sequence[Row]) -> int:
    return max([cell_len(heading), *(cell_len(row[name]) for row in rows)])


def show_jobs(jobs: Sequence[JobStatus]) -> None:
    """Print jobs as a table, with a heading only on a terminal."""
    _show(_JOBS, [job_row(job) for job in jobs], heading=sys.stdout.isatty())


def show_usage(report: UsageReport) -> None:
    """Print the usage: a line for each day and flow, and a total; then what is left of a monthly budget."""
    _show(_USAGE, usage_rows(report), heading=True)
    if line := budget_line(report):
        sys.stdout.write(f"{line}\n")


def show_schedules(schedules: Sequence[Schedule]) -> None:
    """Print schedules as a table, with a heading only on a terminal."""
    _show(_SCHEDULES, [schedule_row(each) for each in schedules], heading=sys.stdout.isatty())


def show_keys(keys: Sequence[Key]) -> None:
    """Print keys as a table, with a heading only on a terminal."""
    _show(_KEYS, [key_row(each) for each in keys], heading=sys.stdout.isatty())


def show_webhooks(webhooks: Sequence[Webhook]) -> None:
    """Print webhook endpoints as a table, with a heading only on a terminal."""
    _show(_WEBHOOKS, [webhook_row(each) for each in webhooks], heading=sys.stdout.isatty())


def show_deliveries(deliveries: Sequence[WebhookDelivery]) -> None:
    """Print deliveries as a table, with a heading only on a terminal."""
    _show(_DELIVERIES, [delivery_row(each) for each in deliveries], heading=sys.stdout.isatty())


def _show(layout: _Layout, rows: Sequence[Row], *, heading: bool) -> None:
    is_bounded = sys.stdout.isatty()
    room = Console().width if is_bounded else _WIDEST
    widths = layout.widths(rows, room, heading=heading)
    columns = [
        Column(
            name,
            no_wrap=True,
            min_width=width,
            max_width=width,
            justify="right" if name in NUMBERS else "left",
        )
        for name, width in widths.items()
    ]
    gaps = len(widths) - 1
    gap = _GAP if sum(widths.values()) + _GAP * gaps <= room else _LEAST_GAP
    table = Table(*columns, box=None, pad_edge=False, padding=(0, gap, 0, 0), show_header=heading)
    for row in rows:
        table.add_row(*(Text(row[name]) for name in widths))
    # The terminal wraps a line that is too wide; cutting would make an id useless.
    needed = sum(widths.values()) + gap * gaps
    Console(width=max(room, needed), markup=False, highlight=False).print(table)
