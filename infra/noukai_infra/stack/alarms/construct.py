"""The construct of the alarms, and of the topic that tells the operator."""

from aws_cdk import Aws
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from noukai_infra.settings import Settings
from noukai_infra.stack.alarms.definitions import Definition, Watched, definitions
from noukai_infra.stack.base.acknowledgement import acknowledge

RUNBOOK = "infra/RUNBOOK.md"


class Alarms(Construct):
    """The alarms of the stack. They tell an address, a topic, both or nobody; `noukai ops` shows them."""

    def __init__(self, scope: Construct, name: str, *, settings: Settings, watched: Watched) -> None:
        super().__init__(scope, name)
        topics = [*([self._topic(settings.alarm_email)] if settings.alarm_email else [])]
        topics += [settings.alarm_topic] if settings.alarm_topic else []
        for each in definitions(settings, watched):
            self._add(each, settings.stack, topics)

    def _add(self, each: Definition, stack: str, topics: list[str]) -> None:
        dimensions = [
            cloudwatch.CfnAlarm.DimensionProperty(name=name, value=value)
            for name, value in each.dimensions.items()
        ]
        cloudwatch.CfnAlarm(
            self,
            each.name.title().replace("-", ""),
            alarm_name=f"{stack}-{each.name}",
            alarm_description=f"{each.says} What to do: {RUNBOOK}#{each.page}",
            namespace=each.namespace or stack,
            metric_name=each.metric,
            dimensions=dimensions or None,
            statistic=each.statistic,
            period=each.period,
            evaluation_periods=each.periods,
            datapoints_to_alarm=each.needed or each.periods,
            threshold=each.threshold,
            comparison_operator=each.comparison,
            treat_missing_data="missing" if each.tells_of_silence else "notBreaching",
            alarm_actions=topics or None,
            ok_actions=topics or None,
            insufficient_data_actions=topics if topics and each.tells_of_silence else None,
        )

    def _topic(self, email: str) -> str:
        topic = sns.Topic(self, "Topic", enforce_ssl=True)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )
        sns.Subscription(self, "Email", topic=topic, protocol=sns.SubscriptionProtocol.EMAIL, endpoint=email)
        acknowledge(
            topic, "SNS2", "an alarm's text holds no data of callers, and a key costs a dollar a month"
        )
        return topic.topic_arn
