"""The durations and times that people type."""

from datetime import UTC, datetime, timedelta

import pytest
import typer

from noukai.cli.parsing.durations import future, milliseconds, past, seconds, whole_seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90", 90), ("90s", 90), ("1.5h", 5400), ("3d", 259_200), ("2 w", 1_209_600), ("0", 0)],
)
def test_a_duration_has_a_unit_or_is_in_seconds(text: str, expected: int) -> None:
    """`90` and `90s` are the same."""
    assert whole_seconds(text) == seconds(text) == expected


def test_milliseconds_stay_milliseconds_without_a_unit() -> None:
    """A number without a unit has the unit of the option."""
    assert [milliseconds(text) for text in ("1500", "250ms", "1.1s", "2m")] == [1500, 250, 1100, 120_000]


@pytest.mark.parametrize("text", ["", "soon", "-1", "nan", "inf", "3 days", "1h30m", "1e400", "3D"])
def test_invalid_durations_are_refused(text: str) -> None:
    """The error shows how a duration is written."""
    with pytest.raises(typer.BadParameter, match="is not a duration"):
        whole_seconds(text)


def test_fractions_of_a_second_are_refused() -> None:
    """The API takes only whole seconds there."""
    assert seconds("500ms") == 0.5
    with pytest.raises(typer.BadParameter, match="not a whole number of seconds"):
        whole_seconds("500ms")


def test_times_count_from_now_or_are_left_as_they_are() -> None:
    """A duration ago or ahead; other text is passed on for the API to parse or refuse."""
    now = datetime.now(UTC)
    minute = timedelta(minutes=1)
    assert abs(datetime.fromisoformat(past("3d")) - (now - timedelta(days=3))) < minute
    assert abs(datetime.fromisoformat(future("2h")) - (now + timedelta(hours=2))) < minute
    assert past("2026-01-01T00:00:00Z") == future("2026-01-01T00:00:00Z") == "2026-01-01T00:00:00Z"
    with pytest.raises(typer.BadParameter, match="too far from now"):
        past("999999999w")
