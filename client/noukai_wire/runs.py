"""The trace of a run, for the published SDKs: a job with its attempts as steps."""

from typing import Annotated, Any

from pydantic import Field

from noukai_wire.models import JobId, Timestamp, WireModel

StepStatus = Annotated[str, Field(json_schema_extra={"enum": ["running", "completed", "failed"]})]


class RunSummary(WireModel):
    """A job as the published SDKs see it; a cancelled one is `failed`."""

    id: JobId
    flow_id: str
    status: str
    trigger_type: str
    started_at: Timestamp | None = None
    completed_at: Timestamp | None = None
    duration_ms: int | None = None
    step_count: int


class RunStep(WireModel):
    """An attempt of a job, as a step: `attempt-2` is the second one."""

    step_id: str
    attempt: int
    status: StepStatus
    started_at: Timestamp | None = None
    completed_at: Timestamp | None = None
    duration_ms: int | None = None
    output_context: dict[str, Any] | None = None
    error_context: dict[str, Any] | None = None


class RunTrace(WireModel):
    """The trace of a run: of many attempts only the last eight."""

    flow_run: RunSummary
    steps: list[RunStep]
