"""S3 on simulated time, metered: what the functions ask of it."""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import httpx
from botocore.response import StreamingBody

from noukai._io.stream import SINK
from tests.bench import prices
from tests.bench.account.meter import Meter
from tests.bench.account.timeline import Timeline

HOST = "objects.test"


class MeteredObjects:
    """A bucket's objects; every object asked for exists."""

    def __init__(self, meter: Meter, timeline: Timeline) -> None:
        self._meter = meter
        self._timeline = timeline
        self._objects: dict[str, bytes] = {}

    def put_object(self, **request: Any) -> None:
        """Keep an object."""
        self._call("PutObject", "s3_puts")
        self._objects[request["Key"]] = request["Body"].read()

    def get_object(self, **request: Any) -> dict[str, Any]:
        """Give an object."""
        self._call("GetObject", "s3_gets")
        content = self._objects[request["Key"]]
        return {"Body": StreamingBody(BytesIO(content), len(content))}

    def head_object(self, **_: Any) -> dict[str, Any]:
        """Look at an object."""
        self._call("HeadObject", "s3_gets")
        return {"LastModified": datetime.fromtimestamp(self._timeline.now() / 1000, UTC)}

    def generate_presigned_url(self, _operation: str, params: dict[str, str], _seconds: int) -> str:
        """Make a URL, without a request to S3."""
        return f"https://{HOST}/{params['Key']}"

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Return an object by its URL."""
        content = self._objects[request.url.path[1:]]
        self._meter.add("objects", "s3_gets", 1)
        self._meter.add("objects", "bytes_out", len(content))
        request.extensions[SINK].write(content)
        return httpx.Response(200, request=request)

    def _call(self, operation: str, item: str) -> None:
        actor = self._timeline.actor
        actor.calls += 1
        self._meter.calls.append((actor.stage, operation))
        self._meter.add(actor.stage, item, 1)
        self._timeline.sleep(prices.assumed("s3_ms") / 1000)
