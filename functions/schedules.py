"""The schedules of messages that wait for longer than a queue can hide them, each good for one time."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from functions.aws import AwsError
from functions.lifecycle import Job
from functions.queue import JobQueue, Message
from functions.refusals import TooLargeError
from noukai_wire import limits

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient


@dataclass(frozen=True, slots=True)
class Schedules:
    """One group of schedules. A schedule sends its message to its queue within a minute of its time, and is gone."""

    client: "EventBridgeSchedulerClient"
    group: str
    queue: str | None
    """The ARN of any of the stack's queues; None, like the role, for who makes no schedules."""
    role: str | None
    """That of the scheduler, which may send to the queues."""

    def create(self, message: Message, due_at: int, queue: JobQueue) -> None:
        """Let a message be sent to a queue at a time.

        It is sent without a message group, which Scheduler documents for FIFO queues alone. The SDK repeats a request
        with the same client token, so that a conflict is always another submission, perhaps with another body.
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
        """Give the message of a job that waits; None if there is no such schedule, or none any more."""
        try:
            found = self.client.get_schedule(GroupName=self.group, Name=_name(job))
        except AwsError as error:
            _unless(error, "ResourceNotFoundException")
            return None
        return Message.parse(found["Target"]["Input"])

    def delete(self, job: Job) -> None:
        """Take the schedule of a job away, if it is still there."""
        try:
            self.client.delete_schedule(GroupName=self.group, Name=_name(job))
        except AwsError as error:
            _unless(error, "ResourceNotFoundException")


def _beside(arn: str | None, name: str) -> str:
    """Give the ARN of another queue of the same account and region."""
    if arn is None:
        raise LookupError("this function was not told where the queues are: it makes no schedules")
    return f"{arn.rpartition(':')[0]}:{name}"


def check_size(message: Message) -> None:
    """Refuse a message that no schedule takes."""
    size = len(_input(message))
    if size > limits.MAX_SCHEDULED_BYTES:
        raise TooLargeError(
            f"The job's message is {size} bytes of ASCII; at most {limits.MAX_SCHEDULED_BYTES} can wait for a runAt "
            f"more than {limits.MAX_DELAY_SECONDS} seconds ahead: send less, or later.",
        )


def _name(of: Job | Message) -> str:
    """Name a job's schedule; when the job's id is used again, that is another schedule."""
    return f"{of.id}-{of.created_at}"


def _input(message: Message) -> str:
    # What looks like `<aws.scheduler.execution-id>` would be replaced. Only a text holds the sign, where JSON may spell
    # it so.
    return message.body.replace("<", "\\u003c")


def _unless(error: AwsError, code: str) -> None:
    if error.code != code:
        raise error
