"""The bucket of uncounted usage: batches of the stream that Lambda has discarded."""

import jsii
from aws_cdk import Aws, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from noukai_infra.stack.base.acknowledgement import acknowledge
from noukai_infra.stack.base.stream import KEPT_UNCOUNTED_DAYS, UNCOUNTED_PREFIX
from noukai_infra.stack.storage.payloads import private_bucket


@jsii.implements(lambda_.IEventSourceDlq)
class Uncounted(Construct):
    """A private bucket, empty as long as all is well.

    A queue as destination would get only the batch's position in the stream, which deletes it within the
    hour; an object contains the records. They are rows of jobs, with inputs and results, and so are kept only
    for a limited time.
    """

    def __init__(self, scope: Construct, name: str, *, removal_policy: RemovalPolicy) -> None:
        super().__init__(scope, name)
        rule = s3.LifecycleRule(id="uncounted", expiration=Duration.days(KEPT_UNCOUNTED_DAYS))
        self._bucket = private_bucket(self, "Bucket", removal_policy=removal_policy, rules=[rule])

    @property
    def bucket_name(self) -> str:
        """Return the bucket's name."""
        return self._bucket.bucket_name

    def let_count(self, function: lambda_.Function) -> None:
        """Allow a function to count the objects."""
        function.add_environment("UNCOUNTED_BUCKET", self._bucket.bucket_name)
        function.add_to_role_policy(_statement("s3:ListBucket", self._bucket.bucket_arn))

    def bind(
        self, _target: lambda_.IEventSourceMapping, target_handler: lambda_.IFunction
    ) -> lambda_.DlqDestinationConfig:
        """Allow the function's role what Lambda needs, only in a bucket of this account.

        https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html requires both permissions
        and the condition, since somebody else could recreate a deleted bucket.
        """
        batches = self._bucket.arn_for_objects(f"{UNCOUNTED_PREFIX}*")
        for action, resource in (("s3:PutObject", batches), ("s3:ListBucket", self._bucket.bucket_arn)):
            target_handler.grant_principal.add_to_principal_policy(_statement(action, resource))
        stack = Stack.of(self)
        name = stack.resolve(self._bucket.bucket_arn)["Fn::GetAtt"][0]
        reason = "Lambda names an object by its shard and time"
        acknowledge(stack, f"IAM5[Resource::<{name}.Arn>/{UNCOUNTED_PREFIX}*]", reason)
        return lambda_.DlqDestinationConfig(destination=self._bucket.bucket_arn)


def _statement(action: str, resource: str) -> iam.PolicyStatement:
    """Return a statement that allows an action in a bucket of this account."""
    own = {"StringEquals": {"s3:ResourceAccount": Aws.ACCOUNT_ID}}
    return iam.PolicyStatement(actions=[action], resources=[resource], conditions=own)
