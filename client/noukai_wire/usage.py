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


class OrgLimits(WireModel):
    """The limits of an org: a monthly budget in jobs, USD or both, and limits on unfinished jobs.

    `month` is that of today, of which `jobs_left` and `usd_left` remain. `later_jobs` limits the unfinished
    jobs whose `run_at` was more than 15 minutes ahead; `reached` has `unfinished`, `later` or both.
    """

    month: str
    jobs: int | None = None
    jobs_left: int | None = None
    usd: float | None = None
    usd_left: float | None = None
    is_used_up: bool = False
    unfinished_jobs: int | None = None
    later_jobs: int | None = None
    reached: list[str] = Field(default_factory=list)


class UsageReport(WireModel):
    """The usage of an org from one day to another, both inclusive."""

    from_: Annotated[str, Field(alias="from")]
    to: str
    days: list[DayUse]
    total: Use
    budget: OrgLimits | None = None

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a dict for each day and flow, for instance for a `DataFrame`."""
        return [usage.model_dump() for usage in self.days]

    def _repr_html_(self) -> str:
        return rows.html_of_usage(self)
