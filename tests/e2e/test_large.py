"""Inputs and results larger than any body, on this machine's system: the calls are the usual ones."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from noukai import AsyncNoukai, Noukai, ResultLostError
from noukai_infra.settings import ROOT
from noukai_wire.limits import MAX_PAYLOAD_BYTES, MAX_RESULT_BYTES
from tests.e2e.conftest import RecordTable
from tests.e2e.local_system import KEY, LocalSystem

MEGABYTES = 20
TEXT = "zwölf Boxkämpfer\n" * (MEGABYTES * 1024 * 1024 // len("zwölf Boxkämpfer\\n".encode()))
SETTINGS: dict[str, Any] = {"api_key": KEY, "org": "acme", "project": "demo"}


@pytest.fixture(scope="module")
def system() -> Iterator[LocalSystem]:
    with LocalSystem.start(ROOT / "functions" / "flows", {}) as system:
        yield system


@pytest.fixture(scope="module")
def client(system: LocalSystem) -> Iterator[Noukai]:
    with Noukai(base_url=system.url, **SETTINGS) as client:
        yield client


def test_large_input_and_result(client: Noukai, record_table: RecordTable) -> None:
    """Twenty megabytes arrive at the flow, and come back, unchanged."""
    begun = time.monotonic()
    job = client.flow("echo").job(TEXT)
    submitted = time.monotonic()
    result = job.wait(timeout_ms=60_000)
    ended = time.monotonic()
    assert result.output == {"message": TEXT, "value": None}
    row = f"uploaded and submitted {submitted - begun:.2f} s, run and downloaded {ended - submitted:.2f} s"
    record_table(f"{MEGABYTES} MB both ways", [row])


def test_awaiting_client(system: LocalSystem) -> None:
    """The other colour does the same, with several at a time."""

    async def echoed() -> list[Any]:
        async with AsyncNoukai(base_url=system.url, **SETTINGS) as client:
            texts = [f"{number}" * (MAX_RESULT_BYTES + 1) for number in range(3)]
            jobs = [await client.flow("echo").job(text) for text in texts]
            outputs = await asyncio.gather(*(job.wait(timeout_ms=60_000) for job in jobs))
            return [output.output["message"] == text for output, text in zip(outputs, texts, strict=True)]

    assert asyncio.run(echoed()) == [True, True, True]


def test_command(system: LocalSystem, tmp_path: Path) -> None:
    """A file is uploaded, and the result is printed."""
    file = tmp_path / "text"
    text = "b" * (2 * MAX_RESULT_BYTES)
    file.write_text(text)
    program = [
        str(Path(sys.executable).with_name("noukai")),
        "submit",
        "acme/demo/echo",
        "-f",
        str(file),
        "--wait",
    ]
    environ = {"NOUKAI_API_KEY": KEY, "NOUKAI_BASE_URL": system.url}
    done = subprocess.run(program, env=environ, capture_output=True, text=True, check=True)
    assert f'"message": "{text}"' in done.stdout


def test_lost_result_is_a_clear_error(system: LocalSystem, client: Noukai) -> None:
    """The job stays completed, and reading its result raises an error."""
    job = client.flow("echo").job("c" * (MAX_RESULT_BYTES + 1))
    job.wait(timeout_ms=60_000)
    s3 = system.emulator.client("s3")
    (bucket,) = [each["Name"] for each in s3.list_buckets()["Buckets"] if "payloads" in each["Name"]]
    (key,) = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"] if job.id in each["Key"]]
    s3.delete_object(Bucket=bucket, Key=key)
    with pytest.raises(ResultLostError, match="it is gone") as raised:
        job.wait(timeout_ms=60_000)
    assert raised.value.status.state == "completed"


def test_announced_input_beyond_the_limit_is_refused(system: LocalSystem) -> None:
    """It is refused before any of it is sent."""
    answer = httpx.post(
        f"{system.url}/seq/acme/demo/echo/uploads",
        json={"bytes": MAX_PAYLOAD_BYTES + 1, "sha256": "0" * 64},
        headers={"Authorization": f"Bearer {KEY}"},
    )
    assert (answer.status_code, answer.json()["detail"]["code"]) == (413, "PAYLOAD_TOO_LARGE")


def test_bucket_needs_a_signature(system: LocalSystem, client: Noukai) -> None:
    """The address forwards requests, but refuses those without a signature."""
    result = httpx.get(
        f"{system.url}/jobs/{client.flow('echo').execute('d' * MAX_RESULT_BYTES).execution_id}",
        headers={"Authorization": f"Bearer {KEY}"},
    ).json()["result"]
    assert httpx.get(result["outputUrl"]).status_code == 200
    assert httpx.get(result["outputUrl"].partition("?")[0]).status_code == 403
