"""The arguments of `make fuzz`."""

import pytest

from tests.fuzz.__main__ import options_of


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ((), ["api", "bodies", "parsers"]),
        (("--seed", "1"), ["api", "bodies", "parsers"]),
        (("parsers", "--runs", "9"), ["parsers"]),
    ],
)
def test_parts(arguments: tuple[str, ...], parts: list[str]) -> None:
    """All run unless one is named."""
    assert options_of(arguments).what == parts


@pytest.mark.parametrize(("argument", "said"), [("parser", "there is no parser"), ("--sed=1", "--sed=1")])
def test_unknown_argument(argument: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The error names it."""
    with pytest.raises(SystemExit):
        options_of([argument])
    assert said in capsys.readouterr().err
