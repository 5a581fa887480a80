"""Messages that wait longer than a queue can delay them, each in a one-time schedule."""

from aws_cdk import Aws, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from noukai_infra.stack.base.acknowledgement import acknowledge
from noukai_infra.stack.queues import JobQueues


class DelayedMessages(Construct):
    """A schedule group, deleted with the stack, and its role, which may send to the queues of jobs.

    EventBridge Scheduler may assume the role only for schedules of this group.
    """

    def __init__(self, scope: Construct, name: str, *, queues: JobQueues) -> None:
        super().__init__(scope, name)
        self._queues = queues
        self._group = scheduler.CfnScheduleGroup(self, "Group")
        self._group.apply_removal_policy(RemovalPolicy.DESTROY)
        mine = {"aws:SourceAccount": Aws.ACCOUNT_ID, "aws:SourceArn": self._group.attr_arn}
        principal = iam.ServicePrincipal("scheduler.amazonaws.com", conditions={"StringEquals": mine})
        self._role = iam.Role(self, "Role", assumed_by=principal)
        queues.let_send(self._role)
        self._acknowledge_all_of_the_group()

    def let_create(self, function: lambda_.Function) -> None:
        """Allow a function to create schedules that send to the queues, found by the default one's ARN."""
        self._allow(function, "scheduler:CreateSchedule")
        function.add_environment("QUEUE_ARN", self._queues.default.queue_arn)
        function.add_environment("SCHEDULE_ROLE", self._role.role_arn)
        function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["iam:PassRole"],
                resources=[self._role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}},
            )
        )

    def let_read(self, function: lambda_.Function) -> None:
        """Allow a function to read schedules."""
        self._allow(function, "scheduler:GetSchedule")

    def let_withdraw(self, function: lambda_.Function) -> None:
        """Allow a function to read and delete schedules."""
        self._allow(function, "scheduler:GetSchedule", "scheduler:DeleteSchedule")

    def _allow(self, function: lambda_.Function, *actions: str) -> None:
        function.add_environment("SCHEDULE_GROUP", self._group.ref)
        schedules = Stack.of(self).format_arn(
            service="scheduler", resource="schedule", resource_name=f"{self._group.ref}/*"
        )
        function.add_to_role_policy(iam.PolicyStatement(actions=list(actions), resources=[schedules]))

    def _acknowledge_all_of_the_group(self) -> None:
        stack = Stack.of(self)
        group = stack.get_logical_id(self._group)
        schedules = f"arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>:schedule/<{group}>/*"
        reason = "a schedule's name depends on its job, and only this stack uses the group"
        acknowledge(stack, f"IAM5[Resource::{schedules}]", reason)
