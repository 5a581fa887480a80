"""The signing of a JSON POST with AWS Signature Version 4."""

import hmac
import time
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from noukai_functions.aws.settings import Settings

_ALGORITHM = "AWS4-HMAC-SHA256"


class Signer:
    """A signer of requests to one service in one region."""

    def __init__(self, settings: "Settings") -> None:
        self._settings = settings
        self._key = ("", "", b"")

    def signed(self, path: str, headers: dict[str, str], body: bytes) -> dict[str, str]:
        """Return the headers with a signature over all of them. Names are lower-case and include `host`."""
        settings = self._settings
        key_id, secret, token = (
            settings.container.current()
            if settings.container
            else (settings.key_id, settings.secret, settings.token)
        )
        now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        headers = {**headers, "x-amz-date": now}
        if token:
            headers["x-amz-security-token"] = token
        names = sorted(headers)
        listed = ";".join(names)
        lines = "".join(f"{name}:{headers[name]}\n" for name in names)
        request = f"POST\n{path}\n\n{lines}\n{listed}\n{sha256(body).hexdigest()}"
        scope = f"{now[:8]}/{settings.region}/{settings.service}/aws4_request"
        text = f"{_ALGORITHM}\n{now}\n{scope}\n{sha256(request.encode()).hexdigest()}"
        signature = hmac.digest(self._key_of(scope, secret), text.encode(), "sha256").hex()
        credential = f"{key_id}/{scope}"
        headers["authorization"] = (
            f"{_ALGORITHM} Credential={credential}, SignedHeaders={listed}, Signature={signature}"
        )
        return headers

    def _key_of(self, scope: str, secret: str) -> bytes:
        """Return the signing key of a scope; it changes daily, and with the credentials."""
        if self._key[:2] != (scope, secret):
            key = f"AWS4{secret}".encode()
            for part in scope.split("/"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._key = (scope, secret, key)
        return self._key[2]
