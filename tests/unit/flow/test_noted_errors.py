"""The notes of an exception in a job's error."""

from noukai.flow.runtime import describe_error


def test_error_includes_notes() -> None:
    """A flow's notes follow the exception, or the group's member, that they belong to."""
    noted = ValueError("bad")
    noted.add_note("in row 7")
    assert describe_error(noted) == "ValueError: bad\nin row 7"
    assert describe_error(ExceptionGroup("rows", [noted])).splitlines()[1:] == ["  ValueError: bad in row 7"]
    for notes in (None, 7, [object()], ["x"] * 100_000):
        noted.__notes__ = notes  # type: ignore[assignment]
        assert describe_error(noted).startswith("ValueError: bad")
