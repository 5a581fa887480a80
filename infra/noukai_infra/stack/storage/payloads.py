"""The bucket of inputs and results that are too large for a request, a message or a row."""

from collections.abc import Sequence

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from noukai_infra.settings import Cors
from noukai_infra.stack.api.cors import bucket_cors
from noukai_infra.stack.base.acknowledgement import acknowledge
from noukai_wire.limits import KEPT_DAYS

BUCKET_VARIABLE = "PAYLOADS_BUCKET"
"""The variable with the bucket's name."""


def private_bucket(
    scope: Construct,
    name: str,
    *,
    removal_policy: RemovalPolicy,
    rules: Sequence[s3.LifecycleRule],
    cors: Sequence[s3.CorsRule] | None = None,
) -> s3.Bucket:
    """Make a private bucket: encrypted, TLS only, with lifecycle rules that expire objects."""
    bucket = s3.Bucket(
        scope,
        name,
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        removal_policy=removal_policy,
        lifecycle_rules=rules,
        cors=cors,
    )
    acknowledge(bucket, "S1", "access logs cost as much as the reads; functions log failures")
    return bucket


class Payloads(Construct):
    """The bucket of inputs and results too large for a row.

    A key begins with the retention class in days. There is no versioning, because an object is written once.
    """

    def __init__(
        self, scope: Construct, name: str, *, removal_policy: RemovalPolicy, cors: Cors | None
    ) -> None:
        super().__init__(scope, name)
        rules = [
            s3.LifecycleRule(id=f"keep-{days}d", prefix=f"keep-{days}d/", expiration=Duration.days(days))
            for days in KEPT_DAYS
        ]
        self._bucket = private_bucket(
            self, "Bucket", removal_policy=removal_policy, rules=rules, cors=bucket_cors(cors)
        )
        # Acknowledged for the whole stack, because the finding is at the functions' roles.
        stack = Stack.of(self)
        objects = f"<{stack.resolve(self._bucket.bucket_arn)['Fn::GetAtt'][0]}.Arn>/*"
        acknowledge(stack, f"IAM5[Resource::{objects}]", "an object's key depends on its content or its job")

    @property
    def bucket_name(self) -> str:
        """Return the bucket's name."""
        return self._bucket.bucket_name

    def let_pages_of(self, *origins: str) -> None:
        """Allow pages of these origins to use presigned URLs, which they get from the API."""
        methods = [s3.HttpMethods.GET, s3.HttpMethods.HEAD, s3.HttpMethods.PUT]
        self._bucket.add_cors_rule(
            allowed_methods=methods,
            allowed_origins=list(origins),
            allowed_headers=["content-type", "x-amz-checksum-sha256"],
            exposed_headers=["Content-Length"],
            max_age=3600,
        )

    def let(self, function: lambda_.Function, *actions: str) -> None:
        """Allow a function these actions on objects, but never listing."""
        function.add_environment(BUCKET_VARIABLE, self._bucket.bucket_name)
        objects = self._bucket.arn_for_objects("*")
        function.add_to_role_policy(iam.PolicyStatement(actions=list(actions), resources=[objects]))
