"""Jobs' logs on the local system: what a flow prints is there while it runs, and masked."""

import statistics
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.e2e.local_system import KEY, LocalSystem
from tests.e2e.waiting import until

PASSWORD = "correct-horse-battery"
FLOWS = """
import ctypes
import os
import subprocess
import sys
import time
import warnings

from noukai.flow import Context, flow

print("imported")


@flow(max_attempts=1)
def tick(count: int) -> None:
    for _ in range(count):
        print(time.time())
        time.sleep(1)


@flow(max_attempts=1)
def mutter() -> None:
    ctypes.CDLL(None).printf(b"by C, ")
    ctypes.CDLL(None).printf(b"unfinished")


@flow(max_attempts=1)
def die() -> None:
    ctypes.CDLL(None).printf(b"by C\\n")
    dies = "import os; print('by a child'); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", dies])
    print("last words", end="")
    os._exit(3)


@flow(max_attempts=1)
def tell(*, context: Context) -> None:
    print(os.environ["PASSWORD"])
    warnings.warn("by warnings", stacklevel=1)
    context.logger.info("counted", words=6)
    raise ValueError(os.environ["PASSWORD"])


@flow(max_attempts=1)
def hold(*, context: Context) -> None:
    print("begun")
    try:
        time.sleep(600)
    finally:
        print("cleaned up")


@flow(max_attempts=1)
def fill(megabytes: int) -> None:
    kept = []
    for number in range(megabytes):
        print(number)
        kept.append(bytearray(os.urandom(1 << 20)))
"""


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    flows = tmp_path_factory.mktemp("flows")
    (flows / "talk.py").write_text(FLOWS)
    settings = {"environment": {"PASSWORD": PASSWORD}, "secret_environment": ["PASSWORD"]}
    with LocalSystem.start(flows, {**settings, "worker": {"memory": 512}}) as system:
        yield system


@pytest.fixture
def api(system: LocalSystem) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {KEY}"}
    with httpx.Client(base_url=system.url, headers=headers, timeout=30) as client:
        yield client


def submit(api: httpx.Client, flow: str, **parameters: Any) -> str:
    answer = api.post(f"/seq/acme/talk/{flow}/jobs", json={"parameters": parameters})
    return str(answer.raise_for_status().json()["id"])


def follow(api: httpx.Client, job: str) -> Iterator[dict[str, Any]]:
    """Yield each line as it comes, by held requests, until the log is done."""
    page: dict[str, Any] = {"done": False}
    while not page["done"]:
        after = {"after": page["after"]} if "after" in page else {}
        answer = api.get(f"/jobs/{job}/logs", params={"seconds": 20, **after}).raise_for_status()
        page = answer.json()
        yield from page["lines"]
        time.sleep(int(answer.headers.get("Retry-After-Ms", 0)) / 1000)


def test_follower_sees_a_line_within_seconds(api: httpx.Client) -> None:
    """Each line once and in order, at the median within three seconds of when it was printed."""
    job = submit(api, "tick", count=20)
    seen = [
        (float(line["message"]), time.time()) for line in follow(api, job) if line["message"] != "imported"
    ]
    printed = [at for at, _ in seen]
    assert (len(printed), printed) == (20, sorted(set(printed)))
    late = [now - at for at, now in seen]
    assert statistics.median(late) <= 3, late


@pytest.mark.parametrize(
    ("flow", "heard"), [("mutter", ["by C, unfinished"]), ("die", ["by C", "by a child", "last words"])]
)
def test_what_nobody_flushes_is_heard(api: httpx.Client, flow: str, heard: list[str]) -> None:
    """What C code and children print is in the log of its own job, though a process that is kept or killed
    never flushes it."""
    said = [line["message"] for line in follow(api, submit(api, flow))]
    assert [message for message in said if message != "imported"] == heard


def test_secret_is_masked_in_log_error_and_terminal(system: LocalSystem, api: httpx.Client) -> None:
    job = submit(api, "tell")
    said = [*follow(api, job)]
    shown = {(line["stream"], line["level"], line["message"].splitlines()[-1]) for line in said}
    assert {
        ("stdout", "info", "***"),
        ("log", "info", "counted"),
        ("log", "error", "ValueError: ***"),
    } <= shown
    assert any("UserWarning: by warnings" in line["message"] for line in said)
    assert next(line["fields"] for line in said if line["message"] == "counted") == {"words": 6}
    assert api.get(f"/jobs/{job}").json()["error"] == "ValueError: ***"
    until(lambda: "words=6" in system.running.output)
    assert PASSWORD not in system.running.output


def test_log_of_a_cancelled_job_has_its_last_words(api: httpx.Client) -> None:
    """The log ends after the code has stopped, not with the state."""
    job = submit(api, "hold")
    lines = follow(api, job)
    assert next(line["message"] for line in lines if line["message"] != "imported") == "begun"
    api.post(f"/jobs/{job}/cancel").raise_for_status()
    assert [line["message"] for line in lines] == ["cleaned up"]
    assert "stoppedAt" in api.get(f"/jobs/{job}").json()


def test_log_of_a_flow_without_memory_has_its_last_words(api: httpx.Client) -> None:
    job = submit(api, "fill", megabytes=1000)
    said = [line["message"] for line in follow(api, job)]
    assert "ProcessDied" in api.get(f"/jobs/{job}").json()["error"] or "MemoryError" in said[-1]
    numbers = [each for each in said if each.isdigit()]
    assert len(numbers) > 50
    assert numbers == [str(number) for number in range(len(numbers))]
