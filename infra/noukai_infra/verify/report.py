"""The report of a deployment's checks, in Markdown that can be pasted into an issue."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

_LONGEST = 300


@dataclass(frozen=True)
class Finding:
    """The finding of a check: its outcome is `passed`, `failed` or `skipped`."""

    check: str
    name: str
    outcome: str
    seen: str


def report(title: str, findings: Iterable[Finding]) -> str:
    """Return the findings as a table, the failed ones first."""
    order = ("failed", "passed", "skipped")
    ranked = sorted(findings, key=lambda finding: order.index(finding.outcome))
    numbers = Counter(each.outcome for each in ranked)
    counts = ", ".join(f"{numbers[outcome]} {outcome}" for outcome in order)
    rows = [
        f"| {each.outcome} | {_cell(each.check)} | `{each.name}` | {_cell(each.seen)} |" for each in ranked
    ]
    return "\n".join(
        [f"### {title}: {counts}", "", "| | check | name | seen |", "| --- | --- | --- | --- |", *rows]
    )


def _cell(text: str) -> str:
    line = " ".join(text.split()).replace("|", "\\|")
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
