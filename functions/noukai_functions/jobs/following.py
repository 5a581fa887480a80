"""The mark in a job's row that somebody follows its log, which the job's worker sees."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from noukai_functions.aws import AwsError
from noukai_functions.jobs.lifecycle import Job, State
from noukai_functions.jobs.row import expression, placeholders
from noukai_functions.telemetry.logger import job_fields, logger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_FOLLOWED_MS = 80_000
_LEFT_MS = 20_000
"""A mark is renewed when less is left than a held request lasts: once a minute."""


@dataclass(frozen=True, slots=True)
class Followers:
    """The marks of followers in the rows of running jobs."""

    client: "DynamoDBClient"
    table_name: str

    def mark(self, job: Job, now: int) -> bool:
        """Mark a running job as followed, unless it is marked for long enough.

        Returns False, with a warning, if that fails: the log can be read, only its lines are stored later.
        """
        if job.state is not State.RUNNING or (job.followed_until or 0) > now + _LEFT_MS:
            return True
        values = {
            "until": now + _FOLLOWED_MS,
            "created": job.created_at,
            "attempt": job.attempt,
            "running": State.RUNNING,
        }
        condition = (
            "state = :running AND attempt = :attempt AND created_at = :created"
            " AND attribute_not_exists(format)"
        )
        try:
            self.client.update_item(
                TableName=self.table_name,
                Key={"id": {"S": job.id}},
                UpdateExpression=expression("SET followed_until = :until"),
                ConditionExpression=expression(condition),
                ExpressionAttributeValues=placeholders(values),
            )
        except AwsError as error:
            if error.code != "ConditionalCheckFailedException":  # the attempt has just ended
                logger().warning("a log's follower could not be noted", extra=job_fields(job), exc_info=True)
                return False
        return True
