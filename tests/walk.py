"""The walk of a reader who follows a call through our files, and the walks in the documents."""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, cached_property
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

ROOT = Path(__file__).parents[1]
CODE = ("client/noukai", "functions/noukai_functions")
_GROUND = "aws/ clients clock json_text names refusals telemetry/ timestamps"
LIBRARIES = ("client/noukai_wire/", *(f"functions/noukai_functions/{name}" for name in _GROUND.split()))
"""The wire and the common ground: nobody opens them to follow a call, since their names say enough."""


class Walk:
    """The files that a reader opens, in order, and how often the reader returns to one already left.

    The reader enters every called function that was not read yet. A file is left when none of its functions
    still waits for another one.
    """

    def __init__(self) -> None:
        self.files: list[str] = []
        self.returns = 0
        self._read: set[CodeType] = set()
        self._waiting: Counter[str] = Counter()
        self._at = ""

    def follow(self, frame: FrameType, event: str, _: object) -> None:
        """Take a step: a profile function for Python."""
        file = _file_of(frame.f_code.co_filename)
        if file is None or event not in ("call", "return"):
            return
        if event == "return":
            self._waiting[file] -= 1
            return
        if frame.f_code not in self._read and not _reads_like_a_value(frame):
            self._read.add(frame.f_code)
            self._enter(file)
        self._waiting[file] += 1

    def _enter(self, file: str) -> None:
        if file not in self.files:
            self.files.append(file)
        elif file != self._at and not self._waiting[file]:
            self.returns += 1
        self._at = file


@contextmanager
def followed() -> Iterator[Walk]:
    """Follow the calls of this thread."""
    walk = Walk()
    sys.setprofile(walk.follow)
    try:
        yield walk
    finally:
        sys.setprofile(None)


def described_walk(document: str, heading: str) -> list[str]:
    """Return the files of the numbered list below a heading."""
    _, _, section = (ROOT / document).read_text().partition(f"\n## {heading}\n")
    steps = [line for line in section.partition("\n## ")[0].splitlines() if re.match(r"\d+\. ", line)]
    return [file for step in steps for file in re.findall(r"`([\w/]+\.py)`", step)]


@cache
def _file_of(name: str) -> str | None:
    """Return the path of a file that a reader opens; None for any other."""
    path = Path(name)
    file = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else ""
    return file if file.startswith(CODE) and not file.startswith(LIBRARIES) else None


def _reads_like_a_value(frame: FrameType) -> bool:
    """Return whether the call reads like a value: a property, a lambda or a comprehension."""
    name = frame.f_code.co_name
    owner: Any = type(frame.f_locals.get("self"))
    return name.startswith("<") or isinstance(getattr(owner, name, None), property | cached_property)
