"""The commands in the runbook's blocks of code."""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_VARIABLE = re.compile(r"[A-Z_]+=\S+")


@dataclass(frozen=True)
class Step:
    """A command of a page: the program and its arguments. Words in capitals are to be replaced."""

    page: str
    program: str
    arguments: tuple[str, ...]

    @property
    def line(self) -> str:
        """Return the arguments as they are typed."""
        return shlex.join(self.arguments)

    def given(self, words: Mapping[str, str]) -> list[str]:
        """Return the arguments with the words replaced, and with other numbers if words has some."""
        return [re.sub(r"\w+", lambda found: words.get(found[0], found[0]), each) for each in self.arguments]

    def __str__(self) -> str:
        return f"{self.page}: {self.program} {self.line}"


def steps(runbook: str) -> list[Step]:
    """Return the commands of all pages, in order."""
    return list(_steps(runbook))


def _steps(runbook: str) -> Iterator[Step]:
    page, is_code = "", False
    for line in runbook.splitlines():
        if line.startswith("```"):
            is_code = line == "```sh"
        elif is_code:
            words = [word for word in shlex.split(line) if not _VARIABLE.fullmatch(word)]
            yield Step(page, words[0], tuple(words[1:]))
        elif line.startswith("### "):
            page = line.removeprefix("### ")
