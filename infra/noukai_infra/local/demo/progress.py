"""The progress of the demo, with its remaining time."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.text import Text

_UPDATES_PER_SECOND = 5


@dataclass(slots=True)
class DemoProgress:
    """The steps of a demo in order; `expected` has the usual seconds of each.

    On a terminal it shows the seconds of each step and the time left; elsewhere, a line for each step with
    the seconds since the start.
    """

    expected: Mapping[str, float]
    console: Console
    clock: Callable[[], float] = time.monotonic
    _began: dict[str, float] = field(init=False, default_factory=dict)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the progress of the steps within the block."""
        if not self.console.is_terminal:
            yield
            return
        with Live(
            get_renderable=self._line,
            console=self.console,
            refresh_per_second=_UPDATES_PER_SECOND,
            transient=True,
        ):
            yield

    def begin(self, step: str) -> None:
        """Begin a step, which ends the previous one."""
        ended = list(self.taken().items())[-1:]
        self._began[step] = self.clock()
        if not self.console.is_terminal:
            self.console.print(self._line())
        for name, seconds in ended if self.console.is_terminal else ():
            self.console.print(_line(seconds, name))

    def taken(self) -> dict[str, float]:
        """Return the seconds that each step took; end the last one now."""
        ends = [*self._began.values(), self.clock()][1:]
        return {step: end - began for (step, began), end in zip(self._began.items(), ends, strict=True)}

    def left(self) -> float:
        """Return the estimated remaining seconds."""
        taken = self.taken()
        current = next(reversed(taken), None)
        ahead = {step: seconds for step, seconds in self.expected.items() if step not in taken}
        rest = 0.0 if current is None else max(self.expected[current] - taken[current], 0.0)
        return rest + sum(ahead.values())

    def _line(self) -> Text:
        taken = self.taken()
        step, of_step = next(reversed(taken.items()), ("", 0.0))
        elapsed = of_step if self.console.is_terminal else sum(taken.values())
        return _line(elapsed, f"{step} (about {max(self.left(), 1):.0f} s left)")


def _line(seconds: float, text: str) -> Text:
    return Text(f"{seconds:5.1f} s  {text}", overflow="ellipsis", no_wrap=True)


def read_seconds(file: Path, usual: Mapping[str, float]) -> dict[str, float]:
    """Return the seconds of each step in the last run, or the usual ones."""
    try:
        kept = json.loads(file.read_text())
        return {step: float(kept[step]) for step in usual}
    except (OSError, ValueError, TypeError, KeyError):
        return dict(usual)


def keep_seconds(file: Path, taken: Mapping[str, float]) -> None:
    """Write the seconds for `read_seconds`."""
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(taken))
