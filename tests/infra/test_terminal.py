"""Texts on a terminal and in a log."""

import io

import pytest

from noukai_infra.terminal import folded

TEXT = (
    "wrong  AWS: there is no region here: `noukai deploy --stage production` needs one, in AWS_REGION\n"
    "or else"
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_log_gets_a_text_as_it_is() -> None:
    """A script may look for a line."""
    assert folded(TEXT, io.StringIO(), hanging=7) == TEXT


def test_terminal_gets_whole_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Later lines are indented; a command stays on one line, so that it can be copied."""
    monkeypatch.setenv("COLUMNS", "50")
    assert folded(TEXT, Terminal(), hanging=7).splitlines() == [
        "wrong  AWS: there is no region here:",
        "       `noukai deploy --stage production` needs",
        "       one, in AWS_REGION",
        "or else",
    ]


def test_long_word_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """As an address is."""
    monkeypatch.setenv("COLUMNS", "20")
    address = "https://example.com/a/long-address/of-something"
    assert folded(f"see {address}", Terminal()).splitlines() == ["see", address]
