"""The encrypted parameters that functions make when they first need them: CloudFormation cannot make one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from noukai_infra.settings import Settings
from noukai_infra.settings.company import Company


@dataclass(frozen=True)
class SecretParameter:
    """An encrypted parameter, and what it is made with beside its value."""

    name: str
    made_with: Mapping[str, Any]

    @classmethod
    def of(cls, settings: Settings, name: str) -> Self:
        """Return a parameter of the stack."""
        return cls(f"/noukai/{settings.stack}/{name}", _made_with(settings.company))

    def let_know(self, function: lambda_.Function, variable: str, *, may_create: bool) -> None:
        """Allow a function to read the parameter that a variable names, and perhaps to make it.

        The account's own AWS key decrypts it for each role that may read it, without a further right. The
        key of a company is allowed with its other uses.
        """
        function.add_environment(variable, self.name)
        parameter = Stack.of(function).format_arn(
            service="ssm", resource="parameter", resource_name=self.name.removeprefix("/")
        )
        actions = ["ssm:GetParameter", *(["ssm:PutParameter"] if may_create else [])]
        if may_create and self.made_with:
            function.add_environment(f"{variable}_WITH", json.dumps(self.made_with))
            actions += ["ssm:AddTagsToResource"] if "Tags" in self.made_with else []
        function.add_to_role_policy(iam.PolicyStatement(actions=actions, resources=[parameter]))


def _made_with(company: Company) -> dict[str, Any]:
    """Return what the secret is made with beside its value."""
    key = {"KeyId": company.kms_key} if company.kms_key else {}
    tags = [{"Key": name, "Value": value} for name, value in company.tags.items()]
    return {**key, **({"Tags": tags} if tags else {})}
