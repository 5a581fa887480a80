"""Signatures: they are the same as botocore's."""

from datetime import UTC, datetime
from time import gmtime
from unittest.mock import patch

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from noukai_functions.aws.settings import Settings
from noukai_functions.aws.signing import Signer

TEXT = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31))  # noqa: DTZ001 - Hypothesis adds the zone


@given(
    moments=st.lists(MOMENTS, min_size=1, max_size=3),
    secret=TEXT,
    token=st.none() | TEXT,
    place=st.sampled_from([("dynamodb", "us-east-1"), ("sqs", "cn-north-1")]),
    operation=st.from_regex(r"[A-Z][A-Za-z]{0,20}", fullmatch=True),
    body=st.binary(max_size=200),
)
def test_signature_is_botocores(
    *,
    moments: list[datetime],
    secret: str,
    token: str | None,
    place: tuple[str, str],
    operation: str,
    body: bytes,
) -> None:
    """This holds for any request and credentials, and for the same signer on another day."""
    service, region = place
    host = f"{service}.{region}.example.com:8443"
    signer = Signer(Settings(service, "Target", region, f"https://{host}", "", "AKIDEXAMPLE", secret, token))
    theirs = SigV4Auth(Credentials("AKIDEXAMPLE", secret, token), service, region)
    headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": f"Target.{operation}"}
    for moment in moments:
        now = moment.replace(tzinfo=UTC)
        request = AWSRequest("POST", f"https://{host}/", headers, body)
        with (
            patch("botocore.auth.get_current_datetime", lambda now=now, **_: now.replace(tzinfo=None)),
            patch("noukai_functions.aws.signing.time.gmtime", lambda now=now: gmtime(now.timestamp())),
        ):
            theirs.add_auth(request)
            ours = signer.signed("/", {**headers, "host": host}, body)
        assert ours["authorization"] == request.headers["Authorization"]
        assert ours["x-amz-date"] == request.headers["X-Amz-Date"]
        assert ours.get("x-amz-security-token") == request.headers.get("X-Amz-Security-Token")
