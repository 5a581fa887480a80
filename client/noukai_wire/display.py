"""The display of jobs in a terminal or a notebook, safe from control characters."""

import json
import math
import re
from collections.abc import Container, Iterable, Mapping
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType

    from noukai_wire.models import JobAccepted, JobStatus

_CONTROLS = re.compile(r"\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters, except tabs and line ends, and characters that reverse the writing direction."""

_MOST_CHARACTERS = 4000
"""The longest result shown in a notebook, which stores what it shows."""

_MOST_ROWS = 100
"""The most rows of a table in a notebook."""

_COLOURS = {"completed": "#1a7f37", "failed": "#cf222e", "cancelled": "#6e7781", "running": "#0969da"}
_OTHER_COLOUR = "#9a6700"
_CELL = "text-align:left;vertical-align:top;padding:1px 12px 1px 0"
_NUMBER = "text-align:right;vertical-align:top;padding:1px 12px 1px 0"


def one_line(text: str) -> str:
    """Return the text in one line, without control characters."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def lines(text: str) -> str:
    """Return the text without control characters, except line ends."""
    return "\n".join(map(_printable, text.split("\n")))


def _printable(line: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in line)


def with_visible_controls(text: str) -> str:
    """Return the text with its control characters written as Python escapes."""
    return _CONTROLS.sub(lambda found: ascii(found[0])[1:-1], text)


def percent_of(progress: Mapping[str, Any]) -> float | None:
    """Return the percentage of a progress report, from 0 to 100, or None."""
    percent: object = progress.get("percent")
    if isinstance(percent, bool) or not isinstance(percent, int | float) or not math.isfinite(percent):
        return None
    return min(max(float(percent), 0.0), 100.0)


def progress_line(progress: Mapping[str, Any]) -> str:
    """Return a progress report in one line."""
    percent = percent_of(progress)
    told = {name: value for name, value in progress.items() if name != "percent" or percent is None}
    message = told.pop("message", "")
    parts = [
        "" if percent is None else f"{percent:.0f} %",
        str(message),
        *(f"{name}={told[name]}" for name in told),
    ]
    return one_line(" ".join(part for part in parts if part))


def text_of_duration(duration: timedelta) -> str:
    """Return a duration with milliseconds, such as `0:00:03.202`."""
    whole, point, fraction = str(duration).partition(".")
    return f"{whole}{point}{fraction[:3]}"


def facts_of(status: "JobStatus") -> dict[str, str]:
    """Return the facts about a job by name, each in one line, without its result."""
    attempt = (
        f"{status.attempt} of {status.max_attempts}"
        if status.attempt and status.max_attempts
        else status.attempt
    )
    facts = {
        "job": status.id,
        "state": status.state,
        "flow": status.flow,
        "attempt": attempt,
        "submitted": status.created_at,
        "started": status.started_at,
        "ended": status.completed_at,
        "ran for": None if status.ran_for is None else text_of_duration(status.ran_for),
        "kept until": status.expires_at,
        "progress": progress_line(status.progress) if status.progress else None,
        "error": status.error,
        "last error": None if status.last_error == status.error else status.last_error,
        "metadata": " ".join(f"{name}={text}" for name, text in (status.metadata or {}).items()),
        "retry of": status.retry_of,
    }
    return {name: one_line(str(fact)) for name, fact in facts.items() if fact}


def acceptance_facts_of(job_id: str, accepted: "JobAccepted | None") -> dict[str, str]:
    """Return the known facts about a submitted job."""
    facts = {"job": job_id, **({"flow": accepted.flow, "submitted": accepted.created_at} if accepted else {})}
    return {name: one_line(fact) for name, fact in facts.items()}


def text_of(output: object) -> str:
    """Return a job's output: text as it is, everything else as indented JSON."""
    return output if isinstance(output, str) else json.dumps(output, indent=2, ensure_ascii=False)


def html_of_status(status: "JobStatus") -> str:
    """Return a job as HTML."""
    shown = {name: _escaped(fact) for name, fact in facts_of(status).items()}
    colour = _COLOURS.get(status.state, _OTHER_COLOUR)
    shown["state"] = f'<b style="color:{colour}">{shown["state"]}</b>'
    if status.progress and not status.is_terminal:
        shown["progress"] = html_of_progress("", status.progress)
    if status.result is not None:
        shown["result"] = html_of_result(status.result.output)
    return _table(shown)


def html_of_facts(facts: Mapping[str, str]) -> str:
    """Return facts as HTML."""
    return _table({name: _escaped(fact) for name, fact in facts.items()})


def html_of_progress(label: str, progress: Mapping[str, Any]) -> str:
    """Return a progress bar as HTML; it is animated while the percentage is unknown."""
    percent = percent_of(progress)
    value = "" if percent is None else f' value="{percent:g}"'
    said = _escaped(progress_line(progress))
    return f'{_escaped(one_line(label))} <progress max="100"{value}></progress> {said}'.strip()


def rich_of_status(status: "JobStatus") -> "RenderableType":
    """Return a job for a terminal, as rich draws it."""
    facts = facts_of(status)
    if status.result is not None:
        facts["result"] = lines(text_of(status.result.output))
    return rich_of_facts(facts, _COLOURS.get(status.state, _OTHER_COLOUR))


def rich_of_facts(facts: Mapping[str, str], colour: str = "") -> "RenderableType":
    """Return facts for a terminal, with the state in colour; markup in them is not interpreted."""
    # Imported here because rich is slow to import.
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table.grid(padding=(0, 2))
    for name, fact in facts.items():
        table.add_row(
            Text(name, style="dim"), Text(fact, style=f"bold {colour}".strip() if name == "state" else "")
        )
    return table


def html_of_result(output: object) -> str:
    """Return a job's output as HTML, cut if long, since a notebook stores what it shows."""
    text = text_of(output)
    cut = text if len(text) <= _MOST_CHARACTERS else text[:_MOST_CHARACTERS] + " …"
    return f'<pre style="margin:0;white-space:pre-wrap">{_escaped(lines(cut))}</pre>'


def html_of_rows(
    rows: Iterable[Mapping[str, str]],
    count: int,
    numbers: Container[str],
    total: Mapping[str, str] | None = None,
) -> str:
    """Return rows as HTML with a heading and a total."""
    shown = list(islice(rows, _MOST_ROWS))
    cells = [_row("td", row, numbers) for row in shown]
    if count > len(shown):
        cells.append(f"<tr><td>… and {count - len(shown)} more</td></tr>")
    if total is not None:
        cells.append(_row("th", total, numbers))
    columns = next(iter(shown), total)
    heading = "" if columns is None else _row("th", {name: name for name in columns}, numbers)
    return f"<table>{heading}{''.join(cells)}</table>" if heading else "<i>none</i>"


def _row(tag: str, row: Mapping[str, str], numbers: Container[str]) -> str:
    cells = [
        f'<{tag} style="{_NUMBER if name in numbers else _CELL}">{_escaped(text)}</{tag}>'
        for name, text in row.items()
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _table(cells: Mapping[str, str]) -> str:
    rows = "".join(
        f'<tr><th style="{_CELL}">{name}</th><td style="{_CELL}">{cell}</td></tr>'
        for name, cell in cells.items()
    )
    return f"<table>{rows}</table>"


def _escaped(text: str) -> str:
    from html import escape  # noqa: PLC0415 - it loads the names of all characters, and few programs show HTML

    return escape(text)
