"""The rights to read the secrets of flows."""

import json
from collections.abc import Iterator

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from noukai_infra.settings import Settings, SettingsError
from noukai_wire.secret_sources import PARAMETER, SECRET, Source

_RANDOM_END = "-??????"
"""Secrets Manager adds six random characters to the name in a secret's ARN:
https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html."""


def secrets_environment(settings: Settings) -> dict[str, str]:
    """Return the variable that tells a worker its secrets; empty if the settings name none.

    Raises:
        SettingsError: a secret is also in `environment`.
    """
    if both := sorted(settings.secrets.keys() & settings.environment.keys()):
        raise SettingsError(
            f"secrets: {', '.join(both)} is also in environment: leave it out of one of them."
        )
    if not settings.secrets:
        return {}
    return {"SECRETS": json.dumps(dict(sorted(settings.secrets.items())), separators=(",", ":"))}


def let_read_secrets(function: lambda_.Function, settings: Settings) -> None:
    """Allow a function to read exactly the secrets of the settings, and to decrypt them.

    The account's own AWS keys decrypt for each role that may read; a key of one's own is a right more, of
    these two services alone.
    """
    stack = Stack.of(function)
    sources = [Source.parse(text) for text in settings.secrets.values()]
    for service, action in ((PARAMETER, "ssm:GetParameters"), (SECRET, "secretsmanager:GetSecretValue")):
        if arns := sorted({_arn(stack, each) for each in sources if each.service == service}):
            function.add_to_role_policy(iam.PolicyStatement(actions=[action], resources=arns))
    if sources and settings.secrets_keys:
        through = [f"{each}.{stack.region}.{stack.url_suffix}" for each in _services(sources)]
        function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["kms:Decrypt"],
                resources=list(settings.secrets_keys),
                conditions={"StringEquals": {"kms:ViaService": through}},
            )
        )


def _services(sources: list[Source]) -> Iterator[str]:
    yield from sorted({each.service for each in sources})


def _arn(stack: Stack, source: Source) -> str:
    if source.is_arn:
        return source.name
    if source.service == PARAMETER:
        name = source.name.removeprefix("/")
        return stack.format_arn(service="ssm", resource="parameter", resource_name=name)
    place = f"{stack.partition}:secretsmanager:{stack.region}:{stack.account}"
    return f"arn:{place}:secret:{source.name}{_RANDOM_END}"
