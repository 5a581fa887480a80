"""The table, the queues and the secret of webhooks."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from noukai_functions.names import (
    BUDGETS,
    DUE_AT,
    DUE_GROUP,
    DUE_INDEX,
    ENDPOINTS,
    EXPIRES_AT,
    USAGE_KEY,
    USAGE_ORG,
)
from noukai_infra.settings import Settings
from noukai_infra.stack.base.secret_parameter import SecretParameter

VISIBILITY_SECONDS = 120
"""Twice the time limit of both functions. A message whose function was killed comes again after this."""

MAX_RECEIVES = 10

_RETENTION = Duration.days(10)
_DEAD_RETENTION = Duration.days(14)


class WebhookStorage(Construct):
    """The webhooks table, the queues of events and of failed reactions, and the name of the master secret.

    The table holds endpoints and their deliveries; DynamoDB deletes deliveries after a week. Its index has
    only what waits. The secret is an encrypted parameter, which the functions make when it is first needed:
    CloudFormation cannot make one.
    """

    def __init__(self, scope: Construct, name: str, *, settings: Settings) -> None:
        super().__init__(scope, name)
        removal_policy = RemovalPolicy[settings.tables.upper()]
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name=USAGE_ORG, type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name=USAGE_KEY, type=dynamodb.AttributeType.STRING),
            time_to_live_attribute=EXPIRES_AT,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            removal_policy=removal_policy,
            deletion_protection=removal_policy is not RemovalPolicy.DESTROY,
        )
        self.table.add_global_secondary_index(
            index_name=DUE_INDEX,
            partition_key=dynamodb.Attribute(name=DUE_GROUP, type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name=DUE_AT, type=dynamodb.AttributeType.NUMBER),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
        self.dead_events, self.events = self._queues("Events")
        self.dead_reactions, self.reactions = self._queues("Reactions")
        self._secret = SecretParameter.of(settings, "webhooks")

    @property
    def dead(self) -> tuple[sqs.Queue, ...]:
        """Return the queues of messages that were received too often, which nothing reads."""
        return self.dead_events, self.dead_reactions

    @property
    def outputs(self) -> dict[str, str]:
        """Return the stack's outputs about webhooks, for the operator."""
        return {
            "WebhooksTable": self.table.table_name,
            "WebhooksSecret": self._secret.name,
            "EventsQueueUrl": self.events.queue_url,
            "DeadEventsQueueUrl": self.dead_events.queue_url,
            "ReactionsQueueUrl": self.reactions.queue_url,
            "DeadReactionsQueueUrl": self.dead_reactions.queue_url,
        }

    def let_table(self, function: lambda_.Function, *actions: str, index: bool = False) -> None:
        """Allow a function these actions on rows, and to query the index only if asked for."""
        function.add_environment("WEBHOOKS_TABLE", self.table.table_name)
        if actions:
            rows = iam.PolicyStatement(actions=list(actions), resources=[self.table.table_arn])
            function.add_to_role_policy(rows)
        if index:
            place = f"{self.table.table_arn}/index/{DUE_INDEX}"
            function.add_to_role_policy(iam.PolicyStatement(actions=["dynamodb:Query"], resources=[place]))

    def let_send(self, function: lambda_.Function) -> None:
        """Allow a function to send events."""
        function.add_environment("EVENTS_QUEUE_URL", self.events.queue_url)
        self.events.grant(function, "sqs:SendMessage")

    def let_know_secret(self, function: lambda_.Function, *, may_create: bool = False) -> None:
        """Allow a function to read the master secret, and perhaps to make it.

        The account's own AWS key decrypts it for each role that may read it, without a further right. The
        key of a company is allowed with its other uses.
        """
        self._secret.let_know(function, "WEBHOOKS_SECRET", may_create=may_create)

    def _queues(self, name: str) -> tuple[sqs.Queue, sqs.Queue]:
        dead = _queue(self, f"Dead{name}", retention=_DEAD_RETENTION)
        after = sqs.DeadLetterQueue(max_receive_count=MAX_RECEIVES, queue=dead)
        return dead, _queue(self, name, retention=_RETENTION, dead_letter_queue=after)


def naming_endpoints(usage: dynamodb.ITable) -> iam.PolicyStatement:
    """Allow a function to write the names of endpoints in an org's row, and nothing else of it."""
    return iam.PolicyStatement(
        actions=["dynamodb:UpdateItem"],
        resources=[usage.table_arn],
        conditions={
            "ForAllValues:StringEquals": {
                "dynamodb:LeadingKeys": [BUDGETS],
                "dynamodb:Attributes": [USAGE_ORG, USAGE_KEY, ENDPOINTS],
            }
        },
    )


def _queue(
    scope: Construct,
    name: str,
    *,
    retention: Duration,
    dead_letter_queue: sqs.DeadLetterQueue | None = None,
) -> sqs.Queue:
    return sqs.Queue(
        scope,
        name,
        retention_period=retention,
        visibility_timeout=Duration.seconds(VISIBILITY_SECONDS),
        dead_letter_queue=dead_letter_queue,
        max_message_size_bytes=1024 * 1024,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
    )
