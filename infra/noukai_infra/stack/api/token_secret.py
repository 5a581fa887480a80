"""The secret that signs browsers' tokens: an encrypted parameter, made when the first token is."""

import json

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from noukai_infra.settings import Settings
from noukai_infra.stack.base.function import JobFunction
from noukai_infra.stack.base.parameters import made_with


def token_parameter(settings: Settings) -> str:
    """Return the name of the parameter."""
    return f"/noukai/{settings.stack}/tokens"


def let_verify_tokens(function: JobFunction, settings: Settings, *, makes_tokens: bool) -> None:
    """Allow a function to read the secret, and the one that makes tokens to make it."""
    name = token_parameter(settings)
    function.add_environment("TOKENS_SECRET", name)
    actions = ["ssm:GetParameter"]
    if makes_tokens:
        actions.append("ssm:PutParameter")
        if further := made_with(settings.company):
            function.add_environment("TOKENS_SECRET_WITH", json.dumps(further))
            actions += ["ssm:AddTagsToResource"] if "Tags" in further else []
    parameter = Stack.of(function).format_arn(
        service="ssm", resource="parameter", resource_name=name.removeprefix("/")
    )
    function.add_to_role_policy(iam.PolicyStatement(actions=actions, resources=[parameter]))
