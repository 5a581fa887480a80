"""The operator's AWS account and the stack in it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import boto3
from botocore.exceptions import ClientError

from noukai_infra.command_line import command
from noukai_infra.settings.company import DEFAULT_QUALIFIER

if TYPE_CHECKING:
    from botocore.config import Config


class OperatorError(Exception):
    """An error that the operator can correct; the message says how."""


def handler_of(function: Mapping[str, Any]) -> str:
    """Return a function's handler; only workers run in container images, whose configuration names none."""
    handler: str = function.get("Handler", "noukai_functions.handlers.worker.handler")
    return handler


def resources(session: boto3.Session, stack: str, kind: str) -> list[str]:
    """Return the physical ids of a stack's resources of a type, for instance `AWS::Lambda::Function`."""
    return list(resources_by_id(session, stack, kind).values())


def resources_by_id(session: boto3.Session, stack: str, kind: str) -> dict[str, str]:
    """Return the physical ids of a stack's resources of a type, by their logical ids."""
    pages = session.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    return {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for page in pages
        for each in page["StackResourceSummaries"]
        if each["ResourceType"] == kind
    }


def template_of(session: boto3.Session, stack: str) -> "Mapping[str, Any]":
    """Return the template of an existing stack."""
    body: Any = session.client("cloudformation").get_template(StackName=stack)["TemplateBody"]
    template: Mapping[str, Any] = json.loads(body) if isinstance(body, str) else body
    return template


@dataclass(frozen=True)
class Account:
    """The account and region of the configured credentials."""

    session: boto3.Session
    number: str
    region: str

    @classmethod
    def configured(
        cls, environ: "Mapping[str, str]", region: str | None = None, config: "Config | None" = None
    ) -> Self:
        """Return the account of the configured credentials; `region` is the default.

        `config` is that of all clients of the session.

        Raises:
            OperatorError: there are no credentials or no region.
        """
        # The CDK command reads AWS_REGION, but boto3 does not.
        session = boto3.Session(
            region_name=environ.get("AWS_REGION") or boto3.Session().region_name or region
        )
        if config is not None:
            session._session.set_default_client_config(config)  # noqa: SLF001 - boto3 has no public way
        if session.region_name is None:
            raise OperatorError("No AWS region is configured: set AWS_REGION, for instance to us-east-1.")
        if session.get_credentials() is None:
            raise OperatorError(
                "No AWS credentials are configured: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, or run `aws sso login`."
            )
        number = session.client("sts").get_caller_identity()["Account"]
        return cls(session, number, session.region_name)

    def check_place(self, number: str | None, region: str | None) -> None:
        """Refuse an account or region other than the settings'.

        Raises:
            OperatorError: the credentials are for another place.
        """
        if number not in (None, self.number):
            raise OperatorError(
                f"The setting account is {number}, and these credentials are for {self.number}: set "
                "AWS_PROFILE to others."
            )
        if region not in (None, self.region):
            raise OperatorError(
                f"The setting region is {region}, and the environment's is {self.region}: set "
                f"AWS_REGION={region}."
            )

    def outputs(self, stack: str) -> "Mapping[str, str] | None":
        """Return the outputs of a stack by name; None if the stack does not exist."""
        described = self._described(stack)
        if described is None:
            return None
        return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}

    def deployed(self, stack: str) -> "Mapping[str, str]":
        """Return the outputs of a stack that must exist.

        Raises:
            OperatorError: the stack does not exist.
        """
        outputs = self.outputs(stack)
        if outputs is None:
            raise OperatorError(
                f"There is no stack {stack} in {self.number}/{self.region}: `{command('deploy')}` makes it."
            )
        return outputs

    def is_protected(self, stack: str) -> bool:
        """Return whether AWS protects a stack from deletion, if the stack exists."""
        return bool((self._described(stack) or {}).get("EnableTerminationProtection"))

    def _described(self, stack: str) -> "Mapping[str, Any] | None":
        try:
            described = self.session.client("cloudformation").describe_stacks(StackName=stack)
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        return described["Stacks"][0]

    def takes_along(self, stack: str, kind: str) -> bool:
        """Return whether deleting the stack deletes its resources of a type."""
        made = self.template(stack)["Resources"].values()
        return "Retain" not in [each.get("DeletionPolicy") for each in made if each["Type"] == kind]

    def template(self, stack: str) -> "Mapping[str, Any]":
        """Return the template of an existing stack."""
        return template_of(self.session, stack)

    def is_bootstrapped(self, qualifier: str = DEFAULT_QUALIFIER) -> bool:
        """Return whether the account and region are bootstrapped for the CDK, with a qualifier."""
        return self.bootstrap_version(qualifier) is not None

    def bootstrap_version(self, qualifier: str = DEFAULT_QUALIFIER) -> int | None:
        """Return the version of the CDK's bootstrap with a qualifier; None if there is none."""
        ssm = self.session.client("ssm")
        try:
            found = ssm.get_parameter(Name=f"/cdk-bootstrap/{qualifier}/version")
        except ssm.exceptions.ParameterNotFound:
            return None
        return int(found["Parameter"]["Value"])
