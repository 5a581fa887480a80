"""The certificate of a name in foreign DNS, which is requested before the stack is deployed."""

from typing import TYPE_CHECKING, Any

from noukai_infra.operations.account import OperatorError

if TYPE_CHECKING:
    import boto3

_USABLE, _WAITING = "ISSUED", "PENDING_VALIDATION"


def certificate_of(session: "boto3.Session", name: str, again: str) -> str:
    """Return the ARN of an issued certificate for a name, which is requested if there is none.

    CloudFormation would wait for the validation for hours, and show its record only among the events.

    Raises:
        OperatorError: it is not validated yet; the message names the record to set, and `again` the command.
    """
    acm: Any = session.client("acm")
    found = _listed(acm, name)
    if issued := found.get(_USABLE):
        return issued
    arn = found.get(_WAITING) or _requested(acm, name)
    raise OperatorError(
        f"The certificate for {name} is not validated yet: set this record at your DNS provider, wait some "
        f"minutes, and run `{again}` again.\n{_record(acm, arn)}"
    )


def issued_certificate(session: "boto3.Session", name: str) -> str | None:
    """Return the ARN of an issued certificate for a name; None if there is none. Requests none."""
    return _listed(session.client("acm"), name).get(_USABLE)


def _requested(acm: Any, name: str) -> str:
    arn: str = acm.request_certificate(DomainName=name, ValidationMethod="DNS")["CertificateArn"]
    return arn


def _listed(acm: Any, name: str) -> dict[str, str]:
    """Return a certificate of the name for each status that matters."""
    pages = acm.get_paginator("list_certificates").paginate(CertificateStatuses=[_USABLE, _WAITING])
    named = [
        each["CertificateArn"]
        for page in pages
        for each in page["CertificateSummaryList"]
        if each["DomainName"] == name
    ]
    return {acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"]: arn for arn in named}


def _record(acm: Any, arn: str) -> str:
    """Return the record that validates a certificate, as in a zone file."""
    options = acm.describe_certificate(CertificateArn=arn)["Certificate"].get("DomainValidationOptions", [])
    records = [each["ResourceRecord"] for each in options if "ResourceRecord" in each]
    return "\n".join(f"{each['Name']} {each['Type']} {each['Value']}" for each in records) or (
        "(AWS makes the record within a minute.)"
    )
