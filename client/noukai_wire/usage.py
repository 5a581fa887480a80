"""The report of an org's usage."""

from typing import Annotated, Any

from pydantic import Field

from noukai_wire import rows
from noukai_wire.models import WireModel


class Use(WireModel):
    """The usage of jobs: ended jobs by outcome, their attempts, and their compute."""

    jobs: int
    completed: int
    failed: int
    cancelled: int
    attempts: int
    compute_ms: int
    gb_seconds: float
    cost_usd: float


class DayUse(Use):
    """The usage of one flow by jobs that ended on one UTC day, such as `2026-11-25`."""

    day: str
    flow: str


class UsageReport(WireModel):
    """The usage of an org from one day to another, both inclusive."""

    from_: Annotated[str, Field(alias="from")]
    to: str
    days: list[DayUse]
    total: Use

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a dict for each day and flow, for instance for a `DataFrame`."""
        return [usage.model_dump() for usage in self.days]

    def _repr_html_(self) -> str:
        return rows.html_of_usage(self)
