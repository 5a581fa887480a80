"""The report of a benchmark: a table for people, and the figures for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Cell = str | int | float


@dataclass(frozen=True)
class Section:
    """One table. `figures` are its numbers by name; `notes` say what was assumed and how it was measured."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    figures: Mapping[str, object]
    notes: Sequence[str] = field(default=())

    def markdown(self) -> str:
        """Return the section as Markdown; numbers are aligned to the right."""
        ruler = [
            "---:" if all(not isinstance(row[at], str) for row in self.rows) else "---"
            for at in self._columns
        ]
        lines = [self.columns, ruler, *([_text(cell) for cell in row] for row in self.rows)]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return "\n\n".join([f"## {self.title}", table, *self.notes])

    @property
    def _columns(self) -> range:
        return range(len(self.columns))


def _text(cell: Cell) -> str:
    return f"{cell:,.2f}" if isinstance(cell, float) else f"{cell:,}" if isinstance(cell, int) else cell
