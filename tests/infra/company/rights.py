"""The resources of the rights of CloudFormation's role, and what the schemas name in excess or lack."""

from typing import Any

UNUSED = frozenset(
    """
    acm-pca:GetCertificate acm-pca:IssueCertificate
    cloudfront:CreateConnectionGroup cloudfront:GetConnectionGroup cloudfront:GetVpcOrigin
    cloudfront:UpdateDistributionWithStagingConfig codedeploy:RegisterOnPremisesInstance
    dynamodb:AssociateTableReplica dynamodb:BatchWriteItem dynamodb:CreateTableReplica dynamodb:DeleteItem
    dynamodb:DescribeImport dynamodb:DisableKinesisStreamingDestination dynamodb:GetItem dynamodb:ImportTable
    dynamodb:EnableKinesisStreamingDestination dynamodb:PutItem dynamodb:Query dynamodb:Scan
    dynamodb:UpdateItem dynamodb:UpdateKinesisStreamingDestination dynamodb:PutResourcePolicy
    dynamodb:DeleteResourcePolicy ec2:DescribeInstances
    iam:CreateServiceLinkedRole iam:DeleteGroupPolicy iam:DeleteUserPolicy iam:GetGroupPolicy
    iam:GetUserPolicy
    iam:PutGroupPolicy iam:PutUserPolicy lambda:PassCapacityProvider logs:CreateLogDelivery
    logs:CreateLogStream logs:DescribeLogStreams logs:PutBearerTokenAuthentication logs:PutLogEvents
    logs:PutResourcePolicy logs:DeleteResourcePolicy payments:GetConnectedAccount s3:DeleteObject
    s3:GetObjectMetadata s3:PutBucketAcl s3:PutObjectAcl s3:REST.PUT.OBJECT s3:getObject
    vpc-lattice:CreateServiceNetworkVpcEndpointAssociation
    vpc-lattice:DescribeServiceNetworkVpcEndpointAssociation vpce:AllowMultiRegion
    """.split()  # noqa: SIM905 - a list of fifty strings would fill the screen
)
"""Actions for replicas, imports, users, groups, deliveries of logs, access lists and private authorities: the
stack has none. Nothing here reads or writes what callers store."""

OF_OTHER_PROPERTIES = frozenset({"elasticfilesystem", "firehose", "kinesis", "s3files", "s3tables"})
"""Services of properties that no template sets, such as a stream to Kinesis."""

OF_PARTS = {"api_canary": {"codedeploy"}, "kms_key": {"kms"}, "network": {"ec2"}}
"""Services that types of every stack ask as well once a setting sets their properties."""

_ALL = "*"
_OF_ZONES = ["arn:aws:route53:::hostedzone/*"]
OF_SERVICES: dict[str, list[str]] = {
    "acm": ["arn:aws:acm:REGION:ACCOUNT:certificate/*"],
    "apigateway": [
        "arn:aws:apigateway:REGION::/apis",
        "arn:aws:apigateway:REGION::/apis/*",
        "arn:aws:apigateway:REGION::/tags/*",
    ],
    "application-autoscaling": ["arn:aws:application-autoscaling:REGION:ACCOUNT:scalable-target/*"],
    "cloudfront": ["arn:aws:cloudfront::ACCOUNT:distribution/*"],
    "cloudwatch": [
        "arn:aws:cloudwatch:REGION:ACCOUNT:alarm:noukai-*",
        "arn:aws:cloudwatch::ACCOUNT:dashboard/noukai*",
    ],
    "codedeploy": [
        "arn:aws:codedeploy:REGION:ACCOUNT:application:noukai-*",
        "arn:aws:codedeploy:REGION:ACCOUNT:deploymentconfig:CodeDeployDefault.*",
        "arn:aws:codedeploy:REGION:ACCOUNT:deploymentgroup:noukai-*",
    ],
    "dynamodb": ["arn:aws:dynamodb:REGION:ACCOUNT:table/noukai-*"],
    "ec2": [
        f"arn:aws:ec2:REGION:ACCOUNT:{kind}/*"
        for kind in ("route-table", "security-group", "security-group-rule", "subnet", "vpc", "vpc-endpoint")
    ],
    "events": ["arn:aws:events:REGION:ACCOUNT:rule/noukai-*"],
    "iam": ["arn:aws:iam::ACCOUNT:role/noukai-*"],
    "kms": ["KEY"],
    "lambda": [
        "arn:aws:lambda:REGION:ACCOUNT:event-source-mapping:*",
        "arn:aws:lambda:REGION:ACCOUNT:function:noukai-*",
    ],
    "logs": ["arn:aws:logs:REGION:ACCOUNT:log-group:noukai-*"],
    "route53": _OF_ZONES,
    "s3": ["arn:aws:s3:::noukai-*"],
    "scheduler": [
        "arn:aws:scheduler:REGION:ACCOUNT:schedule-group/noukai-*",
        "arn:aws:scheduler:REGION:ACCOUNT:schedule/noukai-*/*",
    ],
    "sns": ["arn:aws:sns:REGION:ACCOUNT:noukai-*"],
    "sqs": ["arn:aws:sqs:REGION:ACCOUNT:noukai-*"],
    "wafv2": [
        "arn:aws:wafv2:us-east-1:ACCOUNT:global/managedruleset/*/*",
        "arn:aws:wafv2:us-east-1:ACCOUNT:global/webacl/*/*",
    ],
}

_OF_DOMAINS = {
    "apigateway": ["arn:aws:apigateway:REGION::/domainnames", "arn:aws:apigateway:REGION::/domainnames/*"]
}
OF_KINDS: dict[str, dict[str, list[str]]] = {
    "AWS::ApiGatewayV2::ApiMapping": _OF_DOMAINS,
    "AWS::ApiGatewayV2::DomainName": _OF_DOMAINS,
}
"""The resources of a service, for types that have others than the rest."""

OF_ACTIONS: dict[str, list[str]] = {
    "acm:RequestCertificate": [_ALL],
    "application-autoscaling:DescribeScalableTargets": [_ALL],
    "application-autoscaling:DescribeScheduledActions": [_ALL],
    "cloudwatch:DescribeAlarms": [_ALL],
    "ec2:DescribeNetworkInterfaces": [_ALL],
    "ec2:DescribeSecurityGroups": [_ALL],
    "ec2:DescribeSubnets": [_ALL],
    "ec2:DescribeVpcEndpoints": [_ALL],
    "ec2:DescribeVpcs": [_ALL],
    "kms:ListAliases": [_ALL],
    "lambda:CreateEventSourceMapping": [_ALL],
    "lambda:GetCodeSigningConfig": [_ALL],
    "lambda:GetLayerVersion": [_ALL],
    "logs:DescribeLogGroups": [_ALL],
    "logs:DescribeResourcePolicies": [_ALL],
    "route53:GetChange": ["arn:aws:route53:::change/*"],
    "route53:ListHostedZones": [_ALL],
    "s3:GetObject": ["arn:aws:s3:::cdk-*-assets-ACCOUNT-REGION/*"],
    "s3:GetObjectVersion": ["arn:aws:s3:::cdk-*-assets-ACCOUNT-REGION/*"],
    "sns:ListSubscriptions": [_ALL],
    "sns:ListSubscriptionsByTopic": ["arn:aws:sns:REGION:ACCOUNT:noukai-*"],
}
"""Actions that are not for the resources of their service; for `*`, IAM knows no resource of the stack."""

PASSED = {
    "api_canary": ["codedeploy.amazonaws.com"],
    "functions": ["lambda.amazonaws.com", "scheduler.amazonaws.com"],
}
"""The services that roles of the stack are passed to, by the file."""


def _linked(service: str, role: str) -> dict[str, Any]:
    """Return the right to make the role that a service itself uses, when an account first needs it."""
    return {
        "Effect": "Allow",
        "Action": ["iam:CreateServiceLinkedRole"],
        "Resource": [f"arn:aws:iam::ACCOUNT:role/aws-service-role/{service}/{role}"],
        "Condition": {"StringEquals": {"iam:AWSServiceName": service}},
    }


BEYOND_SCHEMAS: dict[str, list[dict[str, Any]]] = {
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/using-service-linked-roles.html
    "domain": [_linked("ops.apigateway.amazonaws.com", "AWSServiceRoleForAPIGateway")],
    # https://docs.aws.amazon.com/lambda/latest/dg/images-create.html: Lambda itself reads the image, by the
    # policy of the repository, which it looks for and adds to with the rights of the caller.
    "image": [
        {
            "Effect": "Allow",
            "Action": [
                "ecr:BatchGetImage",
                "ecr:GetDownloadUrlForLayer",
                "ecr:GetRepositoryPolicy",
                "ecr:SetRepositoryPolicy",
            ],
            "Resource": ["arn:aws:ecr:REGION:ACCOUNT:repository/cdk-*-container-assets-ACCOUNT-REGION"],
        }
    ],
    # https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html: private DNS names.
    "network": [
        {"Effect": "Allow", "Action": ["route53:AssociateVPCWithHostedZone"], "Resource": _OF_ZONES},
    ],
    # https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-service-linked-roles.html
    "warm": [
        _linked(
            "lambda.application-autoscaling.amazonaws.com",
            "AWSServiceRoleForApplicationAutoScaling_LambdaConcurrency",
        )
    ],
}
"""Rights that AWS documents and no schema has."""
