"""`noukai.webhooks.verify`, for programs that receive webhooks."""

import base64
import hmac
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping

import httpx
import pytest

from noukai import NoukaiError
from noukai.webhooks import InvalidSecretError, WebhookEvent, WebhookVerificationError, verify
from noukai_wire.webhook_signature import SecretFormatError, key_of, secret_of, signature

KEY = bytes(range(32))
SECRET, OLD = secret_of(KEY), secret_of(bytes(range(1, 33)))
NOW = 1_800_000_000
EVENT: WebhookEvent = {
    "type": "job.completed",
    "timestamp": "2027-01-15T08:00:00.000Z",
    "data": {"id": "job_1", "result": "é😀\u2028"},
}
BODY = json.dumps(EVENT, ensure_ascii=False).encode()


def signed(*secrets: str, body: bytes = BODY, seconds: int = NOW, event_id: str = "msg_1") -> dict[str, str]:
    """Return the headers of a webhook."""
    signatures = [signature(secret, event_id, seconds, body) for secret in secrets or (SECRET,)]
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(signatures),
    }


def refusal(headers: Mapping[str, str], body: bytes | str = BODY, secret: str | list[str] = SECRET) -> str:
    with pytest.raises(WebhookVerificationError) as refused:
        verify(body, headers, secret, now=NOW)
    assert isinstance(refused.value, NoukaiError)
    return str(refused.value)


def test_event_is_returned() -> None:
    """With its body as bytes or text."""
    assert verify(BODY, signed(), SECRET, now=NOW) == EVENT
    assert verify(BODY.decode(), signed(), SECRET, now=NOW) == EVENT


def test_signature_is_that_of_the_standard() -> None:
    """The key is what base64 after the prefix says; identifier, timestamp and body are signed."""
    content = b"msg_1.1800000000." + BODY
    right = base64.b64encode(hmac.digest(KEY, content, "sha256")).decode()
    assert signed()["webhook-signature"] == f"v1,{right}"


class Listed:
    """Headers as ASGI has them: pairs of bytes."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    def items(self) -> Iterable[tuple[bytes, bytes]]:
        """Return the pairs."""
        return [(name.encode(), value.encode()) for name, value in self._headers.items()]


def test_headers_of_any_kind() -> None:
    """Their names have any case, and they are text or bytes."""
    assert verify(BODY, httpx.Headers(signed()), SECRET, now=NOW) == EVENT
    assert verify(BODY, {name.title(): value for name, value in signed().items()}, SECRET, now=NOW) == EVENT
    assert verify(BODY, {name.upper(): value for name, value in signed().items()}, SECRET, now=NOW) == EVENT
    assert verify(BODY, Listed(signed()), SECRET, now=NOW) == EVENT


@pytest.mark.parametrize("secret", [SECRET, OLD, [SECRET], [OLD, SECRET], (SECRET, OLD)])
def test_one_of_several(secret: str | list[str]) -> None:
    """While two secrets sign, a receiver may have either, or both; unknown versions do not matter."""
    headers = signed(OLD, SECRET)
    assert verify(BODY, headers, secret, now=NOW) == EVENT
    headers["webhook-signature"] = f"v2,abc  v1a,{'x' * 88} v1, {headers['webhook-signature']} nonsense"
    assert verify(BODY, headers, secret, now=NOW) == EVENT


@pytest.mark.parametrize("seconds", [NOW - 300, NOW, NOW + 300])
def test_timestamp_within_five_minutes(seconds: int) -> None:
    """In both directions, since clocks differ."""
    assert verify(BODY, signed(seconds=seconds), SECRET, now=NOW) == EVENT


@pytest.mark.parametrize("seconds", [0, NOW - 301, NOW + 301, 10**12])
def test_old_and_future_timestamps(seconds: int) -> None:
    """They are an old request that somebody sends again; the tolerance is an argument."""
    assert refusal(signed(seconds=seconds)).startswith("The timestamp is more than 300 s off")
    assert verify(BODY, signed(seconds=seconds), SECRET, now=NOW, tolerance_seconds=10**12) == EVENT


def test_now_is_the_machines() -> None:
    """Unless a test says otherwise."""
    with pytest.raises(WebhookVerificationError, match="The timestamp"):
        verify(BODY, signed(seconds=1_000_000_000), SECRET)


FORGED: Mapping[str, dict[str, str]] = {
    "another id": {**signed(), "webhook-id": "msg_2"},
    "another timestamp": {**signed(), "webhook-timestamp": str(NOW + 1)},
    "another key": signed(OLD),
    "no version": {**signed(), "webhook-signature": signed()["webhook-signature"].removeprefix("v1,")},
    "another version": {
        **signed(),
        "webhook-signature": "v2" + signed()["webhook-signature"].removeprefix("v1"),
    },
    "a prefix": {**signed(), "webhook-signature": signed()["webhook-signature"][:-1]},
    "nothing after the version": {**signed(), "webhook-signature": "v1,"},
    "characters beyond ASCII": {**signed(), "webhook-signature": "v1,é\ud800"},
    "many": {**signed(), "webhook-signature": "v1,x " * 10_000 + signed()["webhook-signature"]},
}


@pytest.mark.parametrize("name", FORGED)
def test_forged(name: str) -> None:
    """Each part is signed; a header with thousands of signatures is not compared."""
    assert refusal(FORGED[name]).startswith("No signature fits")


@pytest.mark.parametrize(
    "body",
    [BODY + b" ", BODY[:-1], b"", json.dumps(EVENT).encode(), json.dumps(EVENT), BODY.decode() + "\ud800"],
)
def test_another_body(body: bytes | str) -> None:
    """JSON that was parsed and written again is another body."""
    assert refusal(signed(), body).startswith("No signature fits")


@pytest.mark.parametrize("name", signed())
def test_missing_header(name: str) -> None:
    """It is named; an empty one is missing too."""
    headers = signed()
    for incomplete in ({**headers, name: ""}, {each: headers[each] for each in headers if each != name}):
        assert refusal(incomplete).startswith(f"The header {name} is missing")


@pytest.mark.parametrize(
    "value", ["soon", "1.8e9", "-1800000000", " 1800000000", "٣", "9" * 5000, "1_800_000_000"]
)
def test_timestamp_that_is_no_number(value: str) -> None:
    """Python's own reading of numbers is more lenient."""
    assert refusal({**signed(), "webhook-timestamp": value}) == (
        "The header webhook-timestamp is not a number of seconds."
    )


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b"null", b"not JSON", b'{"type": "a", "timestamp": "b"}', b"\xff"]
)
def test_signed_body_that_is_no_event(body: bytes) -> None:
    """Nobody else has the secret, but the type of the answer is promised."""
    assert refusal(signed(body=body), body).startswith("The body is signed, but is no event")


BAD_SECRETS = {
    "": "must begin with 'whsec_'",
    "whsec_": "24 to 64 bytes",
    "whsec_xyz!": "not base64",
    "whsec_éé": "not base64",
    secret_of(bytes(23)): "24 to 64 bytes",
    secret_of(bytes(65)): "24 to 64 bytes",
    SECRET.removeprefix("whsec_"): "must begin with 'whsec_'",
    SECRET + "\n": "not base64",
    " " + SECRET: "must begin with 'whsec_'",
    SECRET[:-2]: "not base64",
    "v1," + SECRET: "begins like a signature",
    "v1a," + SECRET: "begins like a signature",
}


@pytest.mark.parametrize("secret", BAD_SECRETS)
def test_bad_secret(secret: str) -> None:
    """A mistake of the receiver says which, without the secret; it is no failed verification."""
    for each in (secret, [SECRET, secret]):
        with pytest.raises(InvalidSecretError, match=BAD_SECRETS[secret]) as refused:
            verify(BODY, signed(), each, now=NOW)
        assert isinstance(refused.value, ValueError)
        assert not isinstance(refused.value, WebhookVerificationError)
        assert len(secret) < 10 or secret.strip() not in str(refused.value)
    with pytest.raises(SecretFormatError):
        key_of(secret)


def test_no_secret() -> None:
    """An empty list would refuse everything without saying why."""
    with pytest.raises(InvalidSecretError, match="There is no secret"):
        verify(BODY, signed(), [], now=NOW)


def test_secret_and_key() -> None:
    """One is the other, written for people."""
    assert (key_of(SECRET), secret_of(KEY)) == (KEY, SECRET)


LOADED = """
import sys
import noukai.webhooks
print(sorted({"httpx", "pydantic", "typer", "rich", "asyncio", "ssl"} & set(sys.modules)))
"""


def test_import_is_lean() -> None:
    """A receiver needs no client."""
    done = subprocess.run([sys.executable, "-c", LOADED], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
