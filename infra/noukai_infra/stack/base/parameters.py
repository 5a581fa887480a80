"""What encrypted parameters are made with: the functions make them, since CloudFormation cannot."""

from typing import Any

from noukai_infra.settings import Company


def made_with(company: Company) -> dict[str, Any]:
    """Return what a parameter is made with beside its value: the company's key and tags."""
    key = {"KeyId": company.kms_key} if company.kms_key else {}
    tags = [{"Key": name, "Value": value} for name, value in company.tags.items()]
    return {**key, **({"Tags": tags} if tags else {})}
