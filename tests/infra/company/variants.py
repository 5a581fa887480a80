"""Settings of a company, each of which adds resources or properties to the template."""

import json
from typing import Any

KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TAGS = {"cost-center": "42", "owner": "data"}
RULES = {
    "permissions_boundary": "bounded",
    "role_path": "/teams/",
    "role_prefix": "acme-",
    "tags": TAGS,
    "kms_key": KEY,
    "qualifier": "acme",
}
ALL = {"alarm_email": "ops@acme.example", "dashboard": True, "xray": True, "draining": "m2048-b10"}
"""Settings that make more kinds of resources."""

SUBNETS, GROUPS, VPC = ["subnet-0a1b2c3d", "subnet-1a1b2c3d"], ["sg-0a1b2c3d"], "vpc-0a1b2c3d"
PLACEMENT = {"subnets": SUBNETS, "security_groups": GROUPS}
NETWORK: dict[str, Any] = {
    "worker": {"network": {**PLACEMENT, "endpoints": "create"}},
    "found_networks": json.dumps(
        {
            "placements": {},
            "endpoints": [
                {"vpc": VPC, "service": "dynamodb", "route_tables": ["rtb-1"]},
                {"vpc": VPC, "service": "sqs", **PLACEMENT},
            ],
        }
    ),
}
DAYTIME = {"count": 1, "from": "0 8 * * *", "until": "0 18 * * *", "zone": "Europe/Berlin"}
EDGE: dict[str, Any] = {
    "edge": {
        "name": "jobs.acme.com",
        "zone": "Z1",
        "certificate": "arn:aws:acm:us-east-1:123456789012:certificate/a-1",
    },
    "origin_digests": "a" * 64,
}
BASE: dict[str, Any] = {
    **ALL,
    "audit_submissions": True,
    "copy_logs": True,
    "cors": {"origins": ["https://app.acme.com"]},
    "event_bus": "default",
    "failed_flows": {"demo/word-count": 0.2},
    "identity": {"issuer": "https://acme.eu.auth0.com/", "audience": "https://jobs.acme.com"},
    "canary": 5,
    "stable": "default=12",
    "secrets": {"DB_URL": "ssm:/shop/db", "TOKEN": "secretsmanager:shop#token"},
    "wait_reserved_concurrency": 5,
    "execute_reserved_concurrency": 5,
}
"""Settings whose resources are of the types of every stack."""

PARTS: dict[str, dict[str, Any]] = {
    "api_canary": {"api_canary": True},
    "domain": {"domain": {"name": "jobs.acme.com", "zone": "Z1"}},
    "edge": EDGE,
    "kms_key": {
        "company": RULES,
        "secrets_keys": ["arn:aws:kms:us-east-1:123456789012:key/0000abcd-12ab-34cd-56ef-1234567890ab"],
    },
    "network": NETWORK,
    "warm": {"warm": {"api": DAYTIME}, "workers": {}},
}
"""Settings with a file of rights each, of the same name."""

EVERYTHING: dict[str, Any] = {
    name: value
    for part in (BASE, *(PARTS[name] for name in PARTS if name != "edge"))
    for name, value in part.items()
}
"""All of it in one template; a stack has a domain or CloudFront."""
EVERYTHING["worker"] = {**NETWORK["worker"], "warm": 1, "queues": 2, "provisioned_pollers": {"minimum": 2}}

OF_VALUES = frozenset(
    """
    stack account region flows platform architecture tables memory wait_memory throttle_rate throttle_burst
    log_level log_retention audit_retention price_job price_gb_second metrics alarms webhooks_to_localhost
    console console_from_localhost alarm_topic oldest_message_hours protect domain_certificate scale
    image_base environment
    api_snap_start secret_environment policies schedule_org kept_queues former stable_flows
    """.split()  # noqa: SIM905 - a list of thirty strings would fill the screen
)
"""Settings that only change values of properties, or leave something out."""
