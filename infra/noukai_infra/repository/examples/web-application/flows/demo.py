"""Flows to try the system with: an echo, a pause, a word count."""

import re
import time
from collections import Counter
from typing import Annotated, Any

from annotated_types import Ge, Le

from noukai.flow import Context, flow

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
"""A word: letters, also joined by a hyphen or an apostrophe of either kind."""


@flow(timeout=10)
def echo(message: str | None = None, value: Any = None) -> dict[str, Any]:
    """Return the input."""
    return {"message": message, "value": value}


@flow(timeout=600)
def sleep(
    seconds: Annotated[float, Ge(0), Le(600)],
    steps: Annotated[int, Ge(0), Le(1000)] = 0,
    *,
    context: Context,
) -> dict[str, float]:
    """Sleep, in one go or in steps that report progress."""
    if steps == 0:
        time.sleep(seconds)
    for step in range(steps):
        context.progress(percent=100 * step / steps, message=f"step {step + 1} of {steps}")
        time.sleep(seconds / steps)
    return {"slept": seconds}


@flow(timeout=60, max_attempts=3)
def word_count(
    message: str, top: Annotated[int, Ge(1), Le(1000)] = 10, pause: float = 0, *, context: Context
) -> dict[str, Any]:
    """Count the words of a text: all, distinct, and the most frequent.

    `pause` is a rest in seconds after each tenth of the text, so that its progress can be watched.
    """
    lines = message.splitlines()
    counts: Counter[str] = Counter()
    tenth = max(1, len(lines) // 10)
    for number, line in enumerate(lines, start=1):
        counts.update(_WORD.findall(line.lower()))
        if number % tenth == 0:
            context.progress(
                percent=100 * number / len(lines), message=f"counted {number} of {len(lines)} lines"
            )
            time.sleep(pause)
    return {"words": counts.total(), "distinct": len(counts), "top": dict(counts.most_common(top))}
