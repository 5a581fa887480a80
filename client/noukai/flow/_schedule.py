"""The schedule that a flow's code declares."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FlowSchedule:
    """The schedule of a flow, checked at the build.

    With `cron`, five fields such as `0 9 * * 1-5`, a job without input is submitted at each instant in the
    time zone. While the one before has not ended, `overlap` submits the next all the same (`allow`), leaves
    the instant out (`skip`) or cancels the older job first (`cancel`). Of instants that pass in a pause or an
    outage, `missed` runs the `latest`, or `none`.
    """

    cron: str | None = None
    """None if the flow declares no schedule."""
    zone: str = "UTC"
    overlap: str = "allow"
    missed: str = "latest"
