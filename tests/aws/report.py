"""The report of a deployment's checks, in Markdown that can be pasted into an issue."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

Saw = Callable[[object], None]
"""Notes what a check has seen, whatever it makes of it."""

SEEN = "seen"
CHECK = "check"
_LONGEST = 300


@dataclass(frozen=True)
class Finding:
    """A check by its sentence and its test, what came of it (`passed`, `failed`, `skipped`) and what it has seen."""

    check: str
    test: str
    outcome: str
    seen: str


def report(title: str, findings: Iterable[Finding]) -> str:
    """Write the findings as a table, the failed ones first."""
    order = ("failed", "passed", "skipped")
    ranked = sorted(findings, key=lambda finding: order.index(finding.outcome))
    counts = ", ".join(f"{sum(each.outcome == outcome for each in ranked)} {outcome}" for outcome in order)
    rows = [
        f"| {each.outcome} | {_cell(each.check)} | `{each.test}` | {_cell(each.seen)} |" for each in ranked
    ]
    return "\n".join(
        [f"### {title}: {counts}", "", "| | check | test | seen |", "| --- | --- | --- | --- |", *rows]
    )


def _cell(text: str) -> str:
    line = " ".join(text.split()).replace("|", "\\|")
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
