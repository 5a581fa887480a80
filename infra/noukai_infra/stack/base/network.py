"""The placement of workers in a VPC, and the endpoints that they need there."""

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from noukai_infra.settings import Network, NewEndpoint, Settings, SettingsError
from noukai_infra.stack.base.acknowledgement import acknowledge

_INTERFACE_ACTIONS = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
"""The actions of AWSLambdaVPCAccessExecutionRole, without those on logs:
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaVPCAccessExecutionRole.html."""

_HTTPS = 443

_OF_CHINA = frozenset({"sqs"})
"""Services whose interface endpoints have names of their own in China, as the CDK knows them:
https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/aws-ec2/lib/vpc-endpoint.ts."""

_NOTHING_OUT = ec2.CfnSecurityGroup.EgressProperty(
    ip_protocol="icmp", from_port=252, to_port=86, cidr_ip="255.255.255.255/32", description="Nothing leaves"
)
"""The CDK's rule that matches nothing: without a rule, EC2 adds one that allows all."""


def place(function: lambda_.Function, network: Network | None, settings: Settings) -> None:
    """Let a function run in a network; without one, and for an emulator, nothing changes.

    Lambda needs the rights to make network interfaces in the function's own role; its code does not, and is
    denied them: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html.

    Raises:
        SettingsError: the network has a look-up, which only a deploy makes.
    """
    if network is None or settings.platform == "host":
        return
    placement = settings.found_networks.placement(network)
    stack = Stack.of(function)
    if placement is None:
        # The stack is also composed to destroy it.
        if not stack.bundling_required:
            return
        raise SettingsError(
            f"network: {', '.join([*network.subnets, *network.security_groups])} has a look-up, which only "
            "`deploy` and `diff` make: use one of them, or ids."
        )
    resource = function.node.default_child
    assert isinstance(resource, lambda_.CfnFunction)  # noqa: S101 - a function of the CDK has one
    resource.vpc_config = lambda_.CfnFunction.VpcConfigProperty(
        subnet_ids=list(placement.subnets), security_group_ids=list(placement.security_groups)
    )
    _let_make_interfaces(function)


def _let_make_interfaces(function: lambda_.Function) -> None:
    """Allow Lambda to make network interfaces, and deny it to the function's code."""
    stack = Stack.of(function)
    actions = list(_INTERFACE_ACTIONS)
    function.add_to_role_policy(iam.PolicyStatement(actions=actions, resources=["*"]))
    any_function = stack.format_arn(
        service="lambda", resource="function", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME
    )
    function.add_to_role_policy(
        iam.PolicyStatement(
            effect=iam.Effect.DENY,
            actions=actions,
            resources=["*"],
            # The function's own ARN would depend on its role, and the role on the function.
            conditions={"ArnLike": {"lambda:SourceFunctionArn": any_function}},
        )
    )
    assert function.role is not None  # noqa: S101 - each has its own
    acknowledge(
        function.role, "IAM5[Resource::*]", "Lambda makes network interfaces, which have no names yet"
    )


class Endpoints(Construct):
    """The endpoints through which workers in VPCs reach AWS, as a deploy has found them missing."""

    def __init__(self, scope: Construct, name: str, *, settings: Settings) -> None:
        super().__init__(scope, name)
        self._doors: dict[str, ec2.CfnSecurityGroup] = {}
        self._is_in_china = (settings.region or "").startswith("cn-")
        for number, each in enumerate(settings.found_networks.endpoints, start=1):
            self._make(f"{each.service.capitalize()}{number}", each)

    def _make(self, name: str, endpoint: NewEndpoint) -> None:
        service = f"com.amazonaws.{Stack.of(self).region}.{endpoint.service}"
        if self._is_in_china and endpoint.service in _OF_CHINA:
            service = f"cn.{service}"
        if endpoint.route_tables:
            ec2.CfnVPCEndpoint(
                self,
                name,
                vpc_id=endpoint.vpc,
                service_name=service,
                vpc_endpoint_type="Gateway",
                route_table_ids=list(endpoint.route_tables),
            )
            return
        ec2.CfnVPCEndpoint(
            self,
            name,
            vpc_id=endpoint.vpc,
            service_name=service,
            vpc_endpoint_type="Interface",
            subnet_ids=list(endpoint.subnets),
            security_group_ids=[self._door(endpoint).attr_group_id],
            private_dns_enabled=True,
        )

    def _door(self, endpoint: NewEndpoint) -> ec2.CfnSecurityGroup:
        """Return the security group of a VPC's interfaces, which lets the workers' groups connect."""
        if endpoint.vpc not in self._doors:
            self._doors[endpoint.vpc] = ec2.CfnSecurityGroup(
                self,
                f"Group{len(self._doors) + 1}",
                group_description="Endpoints of AWS for the workers",
                vpc_id=endpoint.vpc,
                security_group_egress=[_NOTHING_OUT],
                security_group_ingress=[
                    ec2.CfnSecurityGroup.IngressProperty(
                        ip_protocol="tcp",
                        from_port=_HTTPS,
                        to_port=_HTTPS,
                        source_security_group_id=group,
                        description="Workers",
                    )
                    for group in endpoint.security_groups
                ],
            )
        return self._doors[endpoint.vpc]
