"""The AWS clients of a function, each made on first use."""

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

    from noukai_functions.aws import Bus, CloudWatch, SecretsManager


class Clients:
    """The AWS clients of a deployment.

    The AWS modules are imported with the first client, because flow processes are forked before that.
    """

    @cached_property
    def _dynamodb(self) -> "DynamoDBClient":
        from noukai_functions.aws import client

        return client("dynamodb")

    @cached_property
    def _s3(self) -> "S3Client":
        from noukai_functions.aws import client

        return client("s3")

    @cached_property
    def _scheduler(self) -> "EventBridgeSchedulerClient":
        from noukai_functions.aws import client

        return client("scheduler")

    @cached_property
    def _sqs(self) -> "SQSClient":
        from noukai_functions.aws import client

        return client("sqs")

    @cached_property
    def _ssm(self) -> "SSMClient":
        from noukai_functions.aws import client

        return client("ssm")

    @cached_property
    def _secrets_manager(self) -> "SecretsManager":
        from noukai_functions.aws import client

        return client("secretsmanager")

    @cached_property
    def _events(self) -> "Bus":
        from noukai_functions.aws import client

        return client("events")

    @cached_property
    def _cloudwatch(self) -> "CloudWatch":
        from noukai_functions.aws import client

        return client("cloudwatch")

    @cached_property
    def _lambda(self) -> "LambdaClient":
        from noukai_functions.aws import client

        return client("lambda")

    def connect(self) -> None:
        """Connect the existing clients at startup, to spare the first request the CPU time."""
        from noukai_functions.aws import connect

        for name in {"_dynamodb", "_sqs"} & vars(self).keys():
            connect(getattr(self, name))

    def disconnect(self) -> None:
        """Close all connections: after a restore from a snapshot the other side has forgotten them."""
        from noukai_functions.aws import disconnect

        for made in vars(self).values():
            disconnect(made)
