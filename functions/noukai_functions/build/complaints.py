"""A build step: the errors of a flow that would make its jobs fail."""

import inspect

from noukai.flow import Flow
from noukai_functions.build import worker_kinds
from noukai_functions.build.flow_schedules import schedule_complaints
from noukai_wire import limits
from noukai_wire.slug import SLUG_RULE, is_slug


def complaints_about(flow: Flow) -> list[str]:
    """Return all errors in a flow's name, settings and signature."""
    complaints = [
        *([] if is_slug(flow.name) else [slug_rule("flow", flow.name)]),
        *_range("timeout", flow.timeout, 1, limits.MAX_TIMEOUT_SECONDS),
        *_range("max_attempts", flow.max_attempts, 1, limits.MAX_ATTEMPTS),
        *_backoff_complaints(flow),
        *_range("keep", flow.keep, limits.MIN_KEEP_SECONDS, limits.MAX_KEEP_SECONDS),
        *_worker_kind_complaints(flow),
        *schedule_complaints(flow.schedule),
        *map(_parameter_complaint, inspect.signature(flow.function).parameters.values()),
    ]
    if inspect.isgeneratorfunction(flow.function) or inspect.isasyncgenfunction(flow.function):
        complaints.append("it is a generator: return its values, as a list")
    return [complaint for complaint in complaints if complaint]


def slug_rule(kind: str, name: str) -> str:
    """Return the reason why a name is invalid."""
    return f"{name!r} cannot name a {kind}: use {SLUG_RULE}"


def _parameter_complaint(parameter: inspect.Parameter) -> str:
    if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
        return ""
    return (
        f"the parameter {str(parameter)!r} cannot be passed by name, but a job passes every argument by name"
    )


def _range(setting: str, value: object, low: int, high: int) -> list[str]:
    fits = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
    return [] if fits else [f"{setting} must be a whole number from {low} to {high}, not {value!r}"]


def _backoff_complaints(flow: Flow) -> list[str]:
    pauses: list[object] = [flow.backoff, flow.backoff_cap]
    are_numbers = all(isinstance(pause, int | float) and not isinstance(pause, bool) for pause in pauses)
    if are_numbers and 0 <= flow.backoff <= flow.backoff_cap <= limits.MAX_BACKOFF_SECONDS:
        return []
    return [
        f"backoff must be from 0 to backoff_cap, and backoff_cap at most {limits.MAX_BACKOFF_SECONDS} seconds"
    ]


def _worker_kind_complaints(flow: Flow) -> list[str]:
    asked = flow.worker_kind
    if asked.named is not None and asked.asked:
        names = ", ".join(asked.asked)
        return [
            (
                f"it asks for the worker kind {asked.named!r} and for {names}: leave out {names}, which "
                f"[workers.{asked.named}] of the settings has"
            )
        ]
    bounds = (
        ("memory", asked.memory, worker_kinds.MIN_MEMORY, worker_kinds.MAX_MEMORY),
        ("ephemeral_storage", asked.ephemeral_storage, worker_kinds.MIN_STORAGE, worker_kinds.MAX_STORAGE),
        ("concurrency", asked.concurrency, worker_kinds.MIN_CONCURRENCY, worker_kinds.MAX_CONCURRENCY),
        ("batch", asked.batch, 1, worker_kinds.MAX_BATCH),
    )
    complaints = [
        each for name, value, *range_ in bounds if value is not None for each in _range(name, value, *range_)
    ]
    if not complaints and asked.is_batched and flow.timeout > worker_kinds.MAX_BATCHED_SECONDS:
        complaints.append(
            "the jobs of a batch run in turn, so a timeout of more than "
            f"{worker_kinds.MAX_BATCHED_SECONDS} seconds requires a batch of 1, not {asked.batch}"
        )
    return complaints
