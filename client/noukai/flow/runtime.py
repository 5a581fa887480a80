"""The names of the flow API that only the build and the workers need."""

from ._context import ArgumentsError, ResultError
from ._definition import DEFAULT_BACKOFF, DEFAULT_BACKOFF_CAP, FlowSchedule, note_flows
from ._json_value import UnwritableError, json_value
from ._return_type import OUTPUT_FIELD, ReturnType
from ._run import Interrupted, Log, Raised, Returned, describe_error, outcome_of, raised_by, result_of
from ._signature import Signature
from ._start import run_start_hooks
from ._worker_kind import WorkerKind

__all__ = [
    "DEFAULT_BACKOFF",
    "DEFAULT_BACKOFF_CAP",
    "OUTPUT_FIELD",
    "ArgumentsError",
    "FlowSchedule",
    "Interrupted",
    "Log",
    "Raised",
    "ResultError",
    "ReturnType",
    "Returned",
    "Signature",
    "UnwritableError",
    "WorkerKind",
    "describe_error",
    "json_value",
    "note_flows",
    "outcome_of",
    "raised_by",
    "result_of",
    "run_start_hooks",
]
