"""The gradual shift of the API's functions to a new version, by CodeDeploy."""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam
from constructs import Construct

from noukai_infra.stack.base.acknowledgement import acknowledge
from noukai_infra.stack.base.function import JobFunction

_CONFIGURATION = codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_5_MINUTES
_MOST_FAILED_SHARE = 0.01
_PERIOD = Duration.minutes(1)


class Shifting(Construct):
    """A CodeDeploy application with a deployment group for each function.

    A deploy moves the alias `live` in two steps: a tenth of the requests for five minutes, then all. An alarm
    within that time takes the alias back, and the deploy fails: one of errors of the new version, such as a
    timeout or an INIT that fails, or one of the gateway's 5xx answers, since a function answers what it has
    not foreseen with a 500.
    """

    def __init__(
        self, scope: Construct, name: str, *, stack: str, api_id: str, functions: Mapping[str, JobFunction]
    ) -> None:
        super().__init__(scope, name)
        application = codedeploy.LambdaApplication(self, "Application")
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("codedeploy.amazonaws.com"))
        role.add_managed_policy(
            iam.ManagedPolicy.from_aws_managed_policy_name("service-role/AWSCodeDeployRoleForLambdaLimited")
        )
        acknowledge(
            role,
            "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited]",
            "AWS's own policy for this role, which may move aliases of functions and read alarms",
        )
        answers = self._alarm_of_answers(stack, api_id)
        for entry, function in functions.items():
            group = codedeploy.LambdaDeploymentGroup(
                self,
                entry.title().replace("_", ""),
                application=application,
                alias=function.live,
                deployment_config=_CONFIGURATION,
                role=role,
                alarms=[answers, self._alarm_of_errors(stack, entry, function)],
            )
            group.node.add_dependency(role)

    def _alarm_of_answers(self, stack: str, api_id: str) -> cloudwatch.Alarm:
        metric = cloudwatch.Metric(
            namespace="AWS/ApiGateway",
            metric_name="5xx",
            dimensions_map={"ApiId": api_id},
            statistic="Average",
            period=_PERIOD,
        )
        return self._alarm(
            "Answers",
            f"{stack}-shift-answers",
            "More than one request in a hundred is answered with a 5xx while a deploy shifts the API.",
            metric,
            _MOST_FAILED_SHARE,
        )

    def _alarm_of_errors(self, stack: str, entry: str, function: JobFunction) -> cloudwatch.Alarm:
        metric = cloudwatch.Metric(
            namespace="AWS/Lambda",
            metric_name="Errors",
            dimensions_map={
                "FunctionName": function.function_name,
                "Resource": f"{function.function_name}:{function.live.alias_name}",
                "ExecutedVersion": function.current_version.version,
            },
            statistic="Sum",
            period=_PERIOD,
        )
        says = f"The new version of the function {entry} fails while a deploy shifts the API."
        return self._alarm(
            f"{entry.title().replace('_', '')}Errors", f"{stack}-shift-{entry}", says, metric, 0
        )

    def _alarm(
        self, name: str, full_name: str, says: str, metric: cloudwatch.Metric, threshold: float
    ) -> cloudwatch.Alarm:
        return cloudwatch.Alarm(
            self,
            name,
            alarm_name=full_name,
            alarm_description=f"{says} CodeDeploy takes it back: infra/RELEASES.md#the-api",
            metric=metric,
            threshold=threshold,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
