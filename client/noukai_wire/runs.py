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


class StepQuery(WireModel):
    """The query of a step: the number of an attempt that is not the step's own finds nothing."""

    attempt: Annotated[str, Field(json_schema_extra={"pattern": "^(latest|all|[1-9]|1[0-9]|20)$"})] = "latest"


class RunStepTrace(RunStep):
    """A step; with `attempt=all`, also the list of its attempts, which is itself alone."""

    attempts: list[RunStep] | None = None


class RunTrace(WireModel):
    """The trace of a run: of many attempts only the last eight."""

    flow_run: RunSummary
    steps: list[RunStep]
