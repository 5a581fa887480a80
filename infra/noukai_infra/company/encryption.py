"""The encryption of all that is stored with a key of the company's own."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from aws_cdk import Aws, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

REUSE_SECONDS = 3600
"""How long a queue uses a data key. With AWS's default of five minutes, an idle queue asks KMS twelve times
as often. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
"""

_WORKER = "noukai_functions.handlers.worker.handler"

NEEDED: Mapping[str, tuple[str, ...]] = {
    "dynamodb:": ("kms:Decrypt",),
    "sqs:SendMessage": ("kms:Decrypt", "kms:GenerateDataKey"),
    "sqs:ReceiveMessage": ("kms:Decrypt",),
    "s3:GetObject": ("kms:Decrypt",),
    "s3:PutObject": ("kms:GenerateDataKey",),
    "ssm:GetParameter": ("kms:Decrypt",),
    "ssm:PutParameter": ("kms:Encrypt",),
}
"""The actions on the key that an action on something encrypted needs; `dynamodb:` is any action.

DynamoDB asks with the caller's rights to decrypt the key of a table, which it caches for five minutes:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.howitworks.html. SQS:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html. S3:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html. Parameters:
https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html.
"""


def encrypt(stack: Stack, key: str) -> None:
    """Set the key for all that a stack stores, and allow each role the uses of the key that it needs."""
    for construct in stack.node.find_all():
        _encrypt(construct, key)
        if isinstance(construct, lambda_.Function) and _is_worker(construct):
            _allow(_policy_of(construct), key, {"lambda": ["kms:Decrypt"]})
        if isinstance(construct, iam.Policy):
            _allow(construct, key, uses(stack.resolve(construct.document)["Statement"]))


def _encrypt(construct: object, key: str) -> None:
    match construct:
        case dynamodb.CfnTable():
            construct.sse_specification = dynamodb.CfnTable.SSESpecificationProperty(
                sse_enabled=True, sse_type="KMS", kms_master_key_id=key
            )
        case sqs.CfnQueue():
            construct.kms_master_key_id = key
            construct.kms_data_key_reuse_period_seconds = REUSE_SECONDS
            construct.sqs_managed_sse_enabled = None
        case s3.CfnBucket():
            construct.bucket_encryption = _bucket_encryption(key)
        case logs.CfnLogGroup():
            construct.kms_key_id = key
        case sns.CfnTopic():
            construct.kms_master_key_id = key
        case lambda_.CfnFunction() if construct.handler == _WORKER:
            # Its environment is the deployment's, and may hold secrets.
            construct.kms_key_arn = key


def _is_worker(function: lambda_.Function) -> bool:
    resource = function.node.default_child
    return isinstance(resource, lambda_.CfnFunction) and resource.handler == _WORKER


def _policy_of(function: lambda_.Function) -> iam.Policy:
    assert function.role is not None  # noqa: S101 - our functions have one
    policy = function.role.node.find_child("DefaultPolicy")
    assert isinstance(policy, iam.Policy)  # noqa: S101 - the CDK's name of the policy of a role
    return policy


def _bucket_encryption(key: str) -> s3.CfnBucket.BucketEncryptionProperty:
    """Return the encryption of a bucket; a key of the bucket makes one request to KMS serve many objects."""
    default = s3.CfnBucket.ServerSideEncryptionByDefaultProperty(
        sse_algorithm="aws:kms", kms_master_key_id=key
    )
    rule = s3.CfnBucket.ServerSideEncryptionRuleProperty(
        bucket_key_enabled=True, server_side_encryption_by_default=default
    )
    return s3.CfnBucket.BucketEncryptionProperty(server_side_encryption_configuration=[rule])


def _allow(policy: iam.Policy, key: str, through: Mapping[str, Collection[str]]) -> None:
    """Allow the roles of a policy these actions on the key, through each service."""
    for service, actions in sorted(through.items()):
        policy.document.add_statements(
            iam.PolicyStatement(
                actions=sorted(actions),
                resources=[key],
                conditions={"StringEquals": {"kms:ViaService": f"{service}.{Aws.REGION}.{Aws.URL_SUFFIX}"}},
            )
        )


def uses(statements: Collection[Mapping[str, Any]]) -> dict[str, set[str]]:
    """Return the actions on the key that a policy's statements need, by the service that uses it."""
    needed: dict[str, set[str]] = {}
    for action in _allowed(statements):
        for prefix, actions in NEEDED.items():
            if action == prefix or (prefix.endswith(":") and action.startswith(prefix)):
                needed.setdefault(action.partition(":")[0], set()).update(actions)
    return needed


def _allowed(statements: Collection[Mapping[str, Any]]) -> Iterator[str]:
    for statement in statements:
        if statement["Effect"] == "Allow":
            actions = statement.get("Action", ())
            yield from [actions] if isinstance(actions, str) else actions
