"""The lists of keys and budgets on a terminal and in a script."""

import io
import sys

import pytest

from noukai_infra.operations.orgs.key_commands import COLUMNS, cells
from noukai_infra.operations.orgs.keys import KeyRow
from noukai_infra.operations.orgs.listing import print_list
from noukai_wire.scopes import Scope

ALL = tuple(sorted(Scope))
DAY = 1_700_000_000
ROWS = [
    KeyRow("a" * 64, "acme", "continuous-integration", ALL, DAY, used=DAY, expires=DAY, rate=1000),
    KeyRow("b" * 64, "a-rather-long-organization", "ci", ("read", "submit"), DAY, revoked=DAY),
    KeyRow("c" * 64, "", "", (), 0, problem="KeyError: 'org'"),
]


class Terminal(io.StringIO):
    """A terminal of eighty columns."""

    def isatty(self) -> bool:
        return True


def printed(monkeypatch: pytest.MonkeyPatch, output: io.StringIO) -> list[str]:
    monkeypatch.setattr(sys, "stdout", output)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    print_list(COLUMNS, [cells(row, DAY) for row in ROWS], folded=("org", "name", "scopes"))
    return output.getvalue().splitlines()


def test_keys_fit_into_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is long is folded; ids and dates are whole."""
    lines = printed(monkeypatch, Terminal())
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    assert all(
        whole in text for whole in ("aaaaaaaaaaaa", "2023-11-14", "1000/s", "revoked", "expired", "broken")
    )


def test_script_reads_a_key_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long its names are."""
    lines = printed(monkeypatch, io.StringIO())
    assert len(lines) == 1 + len(ROWS)
    assert lines[1].split()[:4] == ["aaaaaaaaaaaa", "acme", "continuous-integration", "every"]
