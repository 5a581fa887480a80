"""A template with every rule of a company."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.infra.stack.template import Template

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


@pytest.fixture(scope="session")
def ruled_assembly(assembly_for: Callable[..., Path]) -> Path:
    return assembly_for(**ALL, company=RULES)


@pytest.fixture(scope="session")
def ruled(ruled_assembly: Path) -> Template:
    return Template.of(ruled_assembly)


@pytest.fixture(scope="session")
def unruled(template_for: Callable[..., Template]) -> Template:
    return template_for(**ALL)
