"""The settings for the rules of a company."""

import dataclasses
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from noukai_infra.settings.checks import STRICT

DEFAULT_QUALIFIER = "hnb659fds"
"""The CDK's own: https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-customizing.html."""

_POLICY = Field(
    pattern=r"^(arn:aws[\w-]*:iam::([0-9]{12}|aws):policy/)?[\w+=,.@/-]+$", min_length=1, max_length=600
)
_KEY_ARN = Field(pattern=r"^arn:aws[\w-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[\w-]+$")
_ROLE_ARN = Field(pattern=r"^arn:aws[\w-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+$")
_LONGEST_KEY = 128
_MAX_TAGS = 40
"""AWS allows 50 for most resources; the rest is left to CloudFormation and to the company's own tools."""


def _key(name: str) -> str:
    if not 1 <= len(name) <= _LONGEST_KEY or name.lower().startswith("aws:"):
        raise ValueError("be a tag's key: 1 to 128 characters that do not begin with aws:")
    return name


@dataclass(frozen=True, config=STRICT)
class Company:
    """The rules of a company for all that a stack makes.

    `permissions_boundary` is the name or the ARN of a policy that bounds every role. `role_path` and
    `role_prefix` are for the names of roles. `tags` go on everything that takes tags. `kms_key` encrypts
    tables, queues, buckets, logs, topics, secrets and the workers' environment, instead of keys of AWS.
    `qualifier` is that of the company's bootstrap; the roles, the bucket and the repository below are
    for a bootstrap that has given them names of its own.
    """

    permissions_boundary: Annotated[str, _POLICY] | None = None
    role_path: Annotated[str, Field(pattern=r"^/([!-~]+/)?$", max_length=512)] = "/"
    role_prefix: Annotated[str, Field(pattern=r"^[\w+=,.@-]{1,20}$")] | None = None
    tags: dict[Annotated[str, AfterValidator(_key)], Annotated[str, Field(max_length=256)]] = (
        dataclasses.field(default_factory=dict)
    )
    kms_key: Annotated[str, _KEY_ARN] | None = None
    qualifier: Annotated[str, Field(pattern=r"^[a-z0-9]{1,10}$")] = DEFAULT_QUALIFIER
    deploy_role: Annotated[str, _ROLE_ARN] | None = None
    cloudformation_execution_role: Annotated[str, _ROLE_ARN] | None = None
    publishing_role: Annotated[str, _ROLE_ARN] | None = None
    image_publishing_role: Annotated[str, _ROLE_ARN] | None = None
    images_repository: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._/-]{1,255}$")] | None = None
    assets_bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")] | None = None

    def __post_init__(self) -> None:
        """Refuse more tags than resources may have."""
        if len(self.tags) > _MAX_TAGS:
            raise ValueError(f"have at most {_MAX_TAGS} tags, and has {len(self.tags)}")
