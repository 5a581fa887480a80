"""The rights of the role that runs `deploy`: those of policy.json in infra/README.md, and of settings."""

from collections.abc import Iterator

from noukai_infra.settings import Settings
from noukai_infra.settings.addresses.edge import EDGE_REGION
from noukai_wire.secret_sources import PARAMETER, Source

Rights = dict[str, tuple[str, ...]]
"""Actions by resource, in which capital words stand for values of the account and of the settings."""

ROLES = "arn:aws:iam::ACCOUNT:role/cdk-QUALIFIER-*-ACCOUNT-REGION"
_TABLES = "arn:aws:dynamodb:REGION:ACCOUNT:table/STACK-*"

RIGHTS: Rights = {
    ROLES: ("sts:AssumeRole",),
    "arn:aws:ssm:REGION:ACCOUNT:parameter/cdk-bootstrap/QUALIFIER/version": ("ssm:GetParameter",),
    "arn:aws:cloudformation:REGION:ACCOUNT:stack/STACK/*": (
        "cloudformation:DescribeStacks",
        "cloudformation:GetTemplate",
        "cloudformation:ListStackResources",
    ),
    "arn:aws:lambda:REGION:ACCOUNT:function:STACK-*": (
        "lambda:CreateAlias",
        "lambda:DeleteFunction",
        "lambda:GetAlias",
        "lambda:GetFunctionConcurrency",
        "lambda:GetFunctionConfiguration",
        "lambda:ListAliases",
        "lambda:ListVersionsByFunction",
        "lambda:UpdateAlias",
    ),
    _TABLES: ("dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan"),
    "arn:aws:sqs:REGION:ACCOUNT:STACK-*": ("sqs:GetQueueAttributes",),
    "*": ("lambda:GetAccountSettings", "scheduler:ListSchedules"),
}
"""The rights for every stack."""

RIGHTS_OF_SETTINGS: dict[str, Rights] = {
    "canary": {_TABLES: ("dynamodb:GetItem", "dynamodb:PutItem")},
    "domain": {"*": ("acm:DescribeCertificate", "acm:ListCertificates", "acm:RequestCertificate")},
    "edge": {
        f"arn:aws:cloudformation:{EDGE_REGION}:ACCOUNT:stack/STACK-edge/*": (
            "cloudformation:CreateStack",
            "cloudformation:DeleteStack",
            "cloudformation:DescribeStacks",
            "cloudformation:UpdateStack",
        ),
        "arn:aws:ssm:REGION:ACCOUNT:parameter/noukai/STACK/origin": (
            "ssm:DeleteParameter",
            "ssm:GetParameter",
            "ssm:PutParameter",
        ),
    },
    "network": {
        "*": (
            "ec2:DescribeRouteTables",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcAttribute",
            "ec2:DescribeVpcEndpoints",
        )
    },
    "secrets": {
        "arn:aws:secretsmanager:REGION:ACCOUNT:secret:SECRET-*": ("secretsmanager:GetSecretValue",),
        "arn:aws:ssm:REGION:ACCOUNT:parameter/PARAMETER": ("ssm:GetParameters",),
    },
}
"""The rights that a setting adds. `domain` needs none with a zone or a certificate of one's own."""


def rights_for(settings: Settings) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each resource with its actions, for the settings of a stack."""
    yield from RIGHTS.items()
    for name, rights in RIGHTS_OF_SETTINGS.items():
        if name != "secrets" and _is_used(name, settings):
            yield from rights.items()
    for text in settings.secrets.values():
        yield _of_secret(Source.parse(text))


def _is_used(name: str, settings: Settings) -> bool:
    match name:
        case "domain":
            domain = settings.domain
            return domain is not None and not (domain.existing or domain.zone or domain.certificate)
        case "network":
            return any(kind.network for kind in (settings.worker, *settings.workers.values()))
    return getattr(settings, name) is not None


def _of_secret(source: Source) -> tuple[str, tuple[str, ...]]:
    """Return the right to read a secret, whose source may be an ARN."""
    of_secret, of_parameter = RIGHTS_OF_SETTINGS["secrets"].items()
    pattern, actions = of_parameter if source.service == PARAMETER else of_secret
    if source.name.startswith("arn:"):
        return source.name, actions
    word = "PARAMETER" if source.service == PARAMETER else "SECRET"
    return pattern.replace(word, source.name.lstrip("/")), actions
