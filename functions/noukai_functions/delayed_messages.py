"""Messages that wait longer than a queue can delay them, each in a one-time schedule."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from noukai_functions.aws import AwsError
from noukai_functions.jobs.lifecycle import Job
from noukai_functions.jobs.queues.queue import JobQueue, Message
from noukai_functions.refusals import TooLargeError
from noukai_wire import limits

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient


@dataclass(frozen=True, slots=True)
class DelayedMessages:
    """A schedule group.

    A schedule sends its message within a minute of its time, and is then deleted.
    """

    client: "EventBridgeSchedulerClient"
    group: str
    queue: str | None
    """The ARN of any queue of the stack; None, like the role, for functions that make no schedules."""
    role: str | None
    """The role of EventBridge Scheduler, which may send to the queues."""

    def create(self, message: Message, due_at: int, queue: JobQueue) -> None:
        """Schedule a message to a queue.

        Set no message group: Scheduler documents it for FIFO queues only. The SDK repeats a request with the
        same client token, so a conflict always comes from another submission, perhaps with another body.
        """
        due = datetime.fromtimestamp(-(-due_at // 1000), UTC)
        target: Any = {"Arn": _beside(self.queue, queue.name), "RoleArn": self.role, "Input": _input(message)}
        self.client.create_schedule(
            Name=_name(message),
            GroupName=self.group,
            ScheduleExpression=f"at({due:%Y-%m-%dT%H:%M:%S})",
            FlexibleTimeWindow={"Mode": "OFF"},
            ActionAfterCompletion="DELETE",
            Target=target,
        )

    def read(self, job: Job) -> Message | None:
        """Return the scheduled message; None if the schedule does not exist."""
        try:
            found = self.client.get_schedule(GroupName=self.group, Name=_name(job))
        except AwsError as error:
            _unless(error, "ResourceNotFoundException")
            return None
        return Message.parse(found["Target"]["Input"])

    def delete(self, job: Job) -> None:
        """Delete a job's schedule, if it exists."""
        try:
            self.client.delete_schedule(GroupName=self.group, Name=_name(job))
        except AwsError as error:
            _unless(error, "ResourceNotFoundException")


def _beside(arn: str | None, name: str) -> str:
    """Return the ARN of another queue in the same account and region."""
    if arn is None:
        raise LookupError("QUEUE_ARN is not set: this function cannot make schedules")
    return f"{arn.rpartition(':')[0]}:{name}"


def check_size(message: Message) -> None:
    """Raise if the message is too large for a schedule."""
    size = len(_input(message))
    if size > limits.MAX_SCHEDULED_BYTES:
        raise TooLargeError(
            f"The job's message is {size} bytes of ASCII; at most {limits.MAX_SCHEDULED_BYTES} may wait "
            f"for a runAt more than {limits.MAX_DELAY_SECONDS} seconds ahead: send less, or later.",
        )


def _name(of: Job | Message) -> str:
    """Return the schedule's name. The creation time makes it unique even when a job's id is reused."""
    return f"{of.id}-{of.created_at}"


def _input(message: Message) -> str:
    # Scheduler would replace keywords such as `<aws.scheduler.execution-id>`. Only JSON strings can hold a
    # `<`, where the escape means the same.
    text = message.body.replace("<", "\\u003c")
    if message.traceparent is not None and len(text) > limits.MAX_SCHEDULED_BYTES:
        # A trace is no reason to refuse a job.
        return _input(replace(message, traceparent=None, tracestate=None))
    return text


def _unless(error: AwsError, code: str) -> None:
    if error.code != code:
        raise error
