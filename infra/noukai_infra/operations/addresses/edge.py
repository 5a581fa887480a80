"""The deploy and the deletion of the edge stack, in its own region."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, WaiterError

from noukai_infra.operations.account import Account, OperatorError
from noukai_infra.operations.addresses.origin_secret import OriginSecret, forget_origin_secret
from noukai_infra.settings.addresses.edge import (
    DISTRIBUTION_HOST,
    EDGE_REGION,
    ORIGIN_HOST,
    ORIGIN_SECRET,
    edge_stack,
)

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

_NEVER_CREATED = ("CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED")
"""The statuses of a stack whose creation has failed: CloudFormation only deletes it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
"""

_NOTHING_TO_UPDATE = "No updates are to be performed"


@dataclass(frozen=True)
class EdgeDeploy:
    """The edge stack of a stack.

    It is deployed without the CDK command: the secret must not be on a command line, and a stack without
    assets needs no bootstrap of its region.
    """

    account: Account
    stack: str
    secret: OriginSecret
    is_closing: bool
    """Whether the API answers requests through CloudFront alone. One in use stays open until there is one."""

    @classmethod
    def of(cls, account: Account, stack: str, *, renew: bool = False) -> "EdgeDeploy":
        """Read what is there."""
        # A stack whose creation has failed exists, too, but has no CloudFront to call.
        status = _status(account, stack)
        is_closing = account.outputs(stack) is None or status not in (None, *_NEVER_CREATED)
        secret = OriginSecret.of(account.session, stack, renew=renew)
        return cls(account, stack, secret, is_closing)

    @property
    def context(self) -> tuple[str, ...]:
        """Return the options for the synthesis."""
        return ("--context", f"origin_digests={','.join(self.secret.digests)}") if self.is_closing else ()

    def run(self, assembly: Path) -> str:
        """Deploy it after the API's stack; return what is to be said.

        Raises:
            OperatorError: CloudFormation has failed; the message says where to look.
        """
        client = _client(self.account)
        name = edge_stack(self.stack)
        given = {
            ORIGIN_HOST: self.account.deployed(self.stack)[ORIGIN_HOST],
            ORIGIN_SECRET: self.secret.current,
        }
        arguments: Any = {
            "StackName": name,
            "TemplateBody": (assembly / f"{name}.template.json").read_text(),
            "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        }
        before = _outputs(self.account, self.stack)
        if before is not None and _status(self.account, self.stack) in _NEVER_CREATED:
            _delete(self.account, self.stack)
            before = None
        try:
            if before is None:
                client.create_stack(**arguments)
                client.get_waiter("stack_create_complete").wait(StackName=name)
            else:
                client.update_stack(**arguments)
                client.get_waiter("stack_update_complete").wait(StackName=name)
        except WaiterError as error:
            raise OperatorError(f"The stack {name} in {EDGE_REGION} has failed: see its events.") from error
        except ClientError as error:
            if _NOTHING_TO_UPDATE not in str(error):
                raise
        self.secret.keep(self.account.session, self.stack)
        host = (_outputs(self.account, self.stack) or {})[DISTRIBUTION_HOST]
        said = f"CloudFront: {host}, to which the name must lead (CNAME) unless `edge.zone` is set."
        if self.is_closing:
            return said
        return f"{said}\nDeploy again once your clients use the name: only then are direct calls refused."


def delete_edge(account: Account, stack: str) -> None:
    """Delete the edge stack, if there is one, and its secret.

    Raises:
        OperatorError: CloudFormation has failed.
    """
    if _outputs(account, stack) is None:
        return
    _delete(account, stack)
    forget_origin_secret(account.session, stack)


def _delete(account: Account, stack: str) -> None:
    client, name = _client(account), edge_stack(stack)
    client.delete_stack(StackName=name)
    try:
        client.get_waiter("stack_delete_complete").wait(StackName=name)
    except WaiterError as error:
        raise OperatorError(f"The stack {name} in {EDGE_REGION} is not deleted: see its events.") from error


def _client(account: Account) -> "CloudFormationClient":
    return account.session.client("cloudformation", region_name=EDGE_REGION)


def _outputs(account: Account, stack: str) -> dict[str, str] | None:
    """Return the outputs of the edge stack; None if there is none."""
    if (found := _described(account, stack)) is None:
        return None
    return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}


def _status(account: Account, stack: str) -> str | None:
    """Return the status of the edge stack; None if there is none."""
    found = _described(account, stack)
    return None if found is None else found["StackStatus"]


def _described(account: Account, stack: str) -> "StackTypeDef | None":
    try:
        return _client(account).describe_stacks(StackName=edge_stack(stack))["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
