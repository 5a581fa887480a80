"""EventBridge Scheduler's rules for targets, which moto lacks."""

from typing import Any

_REFUSED = {
    "Error": {"Code": "ValidationException", "Message": "SqsParameters: the target is not a FIFO queue"},
    "ResponseMetadata": {"HTTPStatusCode": 400},
}


class _Answered:
    """The parts of a parsed response that botocore reads."""

    status_code = 400


def enforce(scheduler: Any) -> None:
    """Refuse a message group for a queue that is not FIFO before the request is sent.

    Source: "SqsParameters", https://docs.aws.amazon.com/scheduler/latest/APIReference/API_SqsParameters.html,
    which has the parameter for FIFO queues alone.
    """
    scheduler.meta.events.register("provide-client-params.scheduler.CreateSchedule", _note)
    scheduler.meta.events.register("before-call.scheduler.CreateSchedule", _refuse)


def _note(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    context["target"] = params["Target"]


def _refuse(context: dict[str, Any], **_: Any) -> tuple[_Answered, dict[str, Any]] | None:
    target = context["target"]
    wrong = "SqsParameters" in target and not target["Arn"].endswith(".fifo")
    return (_Answered(), _REFUSED) if wrong else None
