"""The stack in the emulator: publish, create and update it."""

import asyncio
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from noukai_infra.local.address.browsers import CrossOrigins
from noukai_infra.local.assembly.assembly import Assembly, Asset
from noukai_infra.local.emulator.endpoint import Endpoint
from noukai_infra.local.errors import LocalError
from noukai_infra.operations.orgs.keys import Keys
from noukai_infra.stack.base.worker_kinds import DeployedQueue, deployed_queues
from noukai_wire.scopes import Scope

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient

LOCAL_KEYS = {"acme": "nk_local_acme", "globex": "nk_local_globex"}
"""The API key of each org, which only a local system accepts."""

_LOCAL_SECRET = b64encode(sha256(b"webhooks of a local system").digest()).decode()
"""The master secret of webhooks, the same in every run: endpoints that are kept keep their secrets."""

_NOTHING_TO_UPDATE = "No updates are to be performed"
_TEMPLATES = "templates"
_POLL_SECONDS = 0.1


@dataclass(slots=True)
class EmulatedStack:
    """The stack in one emulator, with thread-safe clients."""

    cloudformation: "CloudFormationClient"
    s3: "S3Client"
    dynamodb: "DynamoDBClient"
    ssm: "SSMClient"
    _published: set[Asset] = field(default_factory=set)
    _outputs: dict[str, str] = field(default_factory=dict)
    flows: tuple[str, ...] = ()
    """The current and former flows of the last assembly."""
    pages: CrossOrigins = field(default_factory=CrossOrigins)
    """What it allows to web pages."""

    @classmethod
    def of(cls, endpoint: Endpoint) -> Self:
        """Make the clients, which takes half a second to parse megabytes of service descriptions."""
        return cls(
            cloudformation=endpoint.client("cloudformation"),
            s3=endpoint.client("s3"),
            dynamodb=endpoint.client("dynamodb"),
            ssm=endpoint.client("ssm"),
        )

    @property
    def api_id(self) -> str:
        """Return the id of the HTTP API, the first label of its endpoint."""
        host = urlsplit(self._outputs["Endpoint"]).hostname or ""
        return host.partition(".")[0]

    @property
    def queues(self) -> dict[str, DeployedQueue]:
        """Return the queues of the deployed worker kinds."""
        return deployed_queues(self._outputs)

    @property
    def buckets(self) -> tuple[str, ...]:
        """Return the buckets that functions use: that of presigned URLs, and that of uncounted usage."""
        return self._outputs["PayloadsBucket"], self._outputs["UncountedBucket"]

    async def create(self, assembly: Assembly, *, now: int) -> None:
        """Create the stack, the local keys as of `now`, in epoch seconds, and the secret of webhooks.

        Raises:
            LocalError: a resource cannot be created; the message names it and gives the reason.
        """
        await self._apply(self.cloudformation.create_stack, assembly)
        await self._settled(assembly.stack, "CREATE_COMPLETE")
        self.flows = assembly.flows
        self.pages = CrossOrigins.of(assembly.template)
        await asyncio.to_thread(self._insert_keys, now)
        await asyncio.to_thread(self._insert_secret)

    async def update(self, assembly: Assembly) -> bool:
        """Update the stack; return False if nothing has changed.

        Raises:
            LocalError: a resource cannot be updated; the stack is unchanged.
        """
        try:
            await self._apply(self.cloudformation.update_stack, assembly)
        except LocalError as error:
            if _NOTHING_TO_UPDATE in str(error):
                return False
            raise
        await self._settled(assembly.stack, "UPDATE_COMPLETE")
        self.flows = assembly.flows
        return True

    async def _apply(self, operation: Callable[..., object], assembly: Assembly) -> None:
        await asyncio.to_thread(self._publish, assembly)
        arguments = {
            "StackName": assembly.stack,
            "TemplateURL": f"{self.s3.meta.endpoint_url}/{_TEMPLATES}/{assembly.stack}",
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        }
        try:
            await asyncio.to_thread(operation, **arguments)
        except ClientError as error:
            raise LocalError(f"The stack {assembly.stack} is refused: {error}") from error

    def _publish(self, assembly: Assembly) -> None:
        # Uploaded, because a request may have only 50 KB of template.
        self.s3.create_bucket(Bucket=_TEMPLATES)
        self.s3.put_object(Bucket=_TEMPLATES, Key=assembly.stack, Body=assembly.template.encode())
        buckets = {asset.bucket for asset in self._published}
        for asset in assembly.assets:
            if asset.bucket not in buckets:
                self.s3.create_bucket(Bucket=asset.bucket)
                buckets.add(asset.bucket)
            if asset not in self._published:
                self.s3.put_object(Bucket=asset.bucket, Key=asset.key, Body=asset.content())
                self._published.add(asset)

    async def _settled(self, stack: str, wanted: str) -> None:
        while True:
            found = await asyncio.to_thread(self.cloudformation.describe_stacks, StackName=stack)
            described = found["Stacks"][0]
            status = described["StackStatus"]
            if not status.endswith("_IN_PROGRESS"):
                break
            await asyncio.sleep(_POLL_SECONDS)
        if status != wanted:
            raise LocalError(f"The stack {stack} is {status}: {await asyncio.to_thread(self._reason, stack)}")
        self._outputs = {
            output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])
        }

    def _reason(self, stack: str) -> str:
        events = self.cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
        failures = [event for event in events if event.get("ResourceStatus", "").endswith("_FAILED")]
        if not failures:
            return "no resource gives a reason."
        # Newest first; the oldest failure is the cause of the others.
        cause = failures[-1]
        resource = f"{cause.get('LogicalResourceId')} ({cause.get('ResourceType')})"
        return f"{resource}: {cause.get('ResourceStatusReason', 'no reason given')}"

    def _insert_keys(self, now: int) -> None:
        keys = Keys(self.dynamodb, self._outputs["KeysTable"])
        for org, key in LOCAL_KEYS.items():
            with suppress(
                self.dynamodb.exceptions.ConditionalCheckFailedException
            ):  # kept from an earlier run
                keys.insert(key, org, "local", created=now, scopes=Scope)

    def _insert_secret(self) -> None:
        # A stack of an earlier version has none; once it is updated, the functions make it, as on AWS.
        if secret := self._outputs.get("WebhooksSecret"):
            self.ssm.put_parameter(Name=secret, Value=_LOCAL_SECRET, Type="SecureString", Overwrite=True)
