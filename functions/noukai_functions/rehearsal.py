"""The validation of a rehearsed submission by the flow itself, without a build."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from noukai.flow import Flow
from noukai.flow.runtime import ArgumentsError
from noukai_functions.build.schema import ReadableSchema
from noukai_functions.build.validators.code import body_validator, flow_validator
from noukai_functions.catalog.entries import SUBMISSION, Catalog, FlowEntry
from noukai_functions.refusals import InvalidInputError, Refusal
from noukai_functions.requests.submission import uploaded_arguments
from noukai_wire import limits
from noukai_wire.models import Submission


def accepted_arguments(flow: Flow, content: bytes) -> Mapping[str, Any]:
    """Validate a message and parameters, and return the arguments as a job's message would carry them.

    Raises:
        ArgumentsError: the API would refuse them.
    """
    try:
        return uploaded_arguments(content, flow.name, _catalog(flow))
    except InvalidInputError as refused:
        raise ArgumentsError.of(refused.summary) from None
    except Refusal as refused:
        raise ArgumentsError.of(refused.message) from None


@lru_cache(maxsize=256)
def _catalog(flow: Flow) -> Catalog:
    schema = flow.signature.adapter.json_schema(schema_generator=ReadableSchema)
    entry = FlowEntry(
        description=None,
        input=schema,
        message_required=False,
        timeout_seconds=flow.timeout,
        max_attempts=flow.max_attempts,
        backoff_seconds=flow.backoff,
        backoff_cap_seconds=flow.backoff_cap,
        keep_seconds=flow.keep,
        longest_seconds=limits.MAX_TIMEOUT_SECONDS,
    )
    submission = body_validator(Submission.model_json_schema(schema_generator=ReadableSchema))
    return Catalog.of(
        {flow.name: entry},
        {flow.name: flow_validator(flow.signature.adapter).code, SUBMISSION: submission.code},
    )
