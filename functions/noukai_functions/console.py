"""The web console's files, read from the asset when they are asked for."""

import base64
import gzip
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from noukai_functions.api.endpoint import Event, prefix_of, request_id_of
from noukai_functions.aws.settings import suffix_of
from noukai_wire.routes import BASE_PATH

ROOT = f"{BASE_PATH}/console"
_FILES = "files.json"
"""The names of the files, with their headers and the policy of the page; made by the bundler."""


def answer_console(
    event: Event, asset: Path, environment: Mapping[str, str], own_key: Callable[[Event], dict[str, Any]]
) -> dict[str, Any] | None:
    """Answer a request for the console; None if it is for something else, or if there is no console.

    It comes by the `$default` route, so that the console needs no resources of its own. `own_key` tells the
    page about its key.
    """
    method = event["requestContext"].get("http", {}).get("method")
    path = event["rawPath"].removeprefix(prefix := prefix_of(event))
    folder = asset / "console"
    if method not in ("GET", "HEAD") or not (folder / _FILES).is_file():
        return None
    if path in ("/console", f"{ROOT}/"):
        return _redirect(event, f"{prefix}{ROOT}")
    if path == f"{ROOT}/key":
        return own_key(event)
    known = json.loads((folder / _FILES).read_bytes())
    name = path.removeprefix(ROOT)[1:]
    if path != ROOT and (not path.startswith(f"{ROOT}/") or name not in known):
        return None
    headers = {**known[name], "X-Request-ID": request_id_of(event)}
    if "Content-Security-Policy" in headers:
        headers["Content-Security-Policy"] += f"; connect-src {' '.join(_connections(environment))}"
    if headers["ETag"] in (event.get("headers") or {}).get("if-none-match", ""):
        return {"statusCode": 304, "headers": headers, "body": ""}
    return _file(event, folder / (name or "index.html"), headers, is_head=method == "HEAD")


def _redirect(event: Event, page: str) -> dict[str, Any]:
    headers = {"Location": page, "X-Request-ID": request_id_of(event)}
    return {"statusCode": 308, "headers": headers, "body": ""}


def _file(event: Event, path: Path, headers: Mapping[str, str], *, is_head: bool) -> dict[str, Any]:
    """Answer with a compressed file; the few callers that cannot inflate it get it inflated."""
    content = b"" if is_head else path.with_name(f"{path.name}.gz").read_bytes()
    if "gzip" in (event.get("headers") or {}).get("accept-encoding", "").lower():
        headers = {**headers, "Content-Encoding": "gzip"}
    else:
        content = gzip.decompress(content)
    body = base64.b64encode(content).decode()
    return {"statusCode": 200, "headers": dict(headers), "body": body, "isBase64Encoded": True}


def _connections(environment: Mapping[str, str]) -> list[str]:
    """Return where the page may connect to: the API, and the bucket, for large inputs and results."""
    if local := environment.get("AWS_ENDPOINT_URL_S3"):
        return ["'self'", local]
    bucket, region = environment["PAYLOADS_BUCKET"], environment["AWS_REGION"]
    suffix = suffix_of(region)
    return ["'self'", f"https://{bucket}.s3.{region}.{suffix}", f"https://{bucket}.s3.{suffix}"]
