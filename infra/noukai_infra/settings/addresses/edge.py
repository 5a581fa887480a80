"""The settings of CloudFront and WAF before the API."""

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from noukai_infra.settings.addresses.domain import DomainName, Zone
from noukai_infra.settings.checks import A_NUMBER, STRICT
from noukai_wire.routes import BASE_PATH

EDGE_REGION = "us-east-1"
"""The region of CloudFront's certificates and of the web ACLs for it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-wafv2-webacl.html
"""


ORIGIN_DIGESTS = "ORIGIN_DIGESTS"
"""The functions' variable with the SHA-256 of each origin secret that they accept."""

ORIGIN_HOST = "OriginHost"
"""The output of the API's stack, and the parameter of the edge stack, with the gateway's own name."""

ORIGIN_SECRET = "OriginSecret"  # noqa: S105 - the name of a parameter
DISTRIBUTION_HOST = "DistributionHost"
"""The output with the name that a CNAME record of foreign DNS points to."""


def edge_stack(stack: str) -> str:
    """Return the name of the edge stack of a stack."""
    return f"{stack}-edge"


@dataclass(frozen=True, config=STRICT)
class Edge:
    """The name and the certificate of CloudFront, and the limit of its firewall.

    `requests_per_5_minutes` is that of one IP address. `zone` is the Route 53 zone for the name's records.
    """

    name: DomainName
    certificate: Annotated[str, Field(pattern=rf"^arn:aws:acm:{EDGE_REGION}:[0-9]{{12}}:certificate/[\w-]+$")]
    zone: Zone | None = None
    requests_per_5_minutes: Annotated[int, A_NUMBER, Field(ge=10, le=2_000_000_000)] = 30_000

    @property
    def url(self) -> str:
        """Return the base URL of every route."""
        return f"https://{self.name}{BASE_PATH}"
