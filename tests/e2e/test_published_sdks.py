"""Noukai's published SDKs, unmodified, with the system.

They only know `http://localhost:8080`, whose port may be in use. Their requests are redirected to the system:
for Python, the system is the HTTP proxy; for JavaScript, the script that uses the SDK does it.
"""

import asyncio
import json
import os
import shutil
import subprocess
from pathlib import Path

import httpx
import noukai_sdk
import pytest

from noukai import Noukai
from noukai_infra.nodejs import NODE, NPM, node_environment
from noukai_infra.settings import ROOT

HERE = Path(__file__).parent
TEXT = "to be or not to be"
COUNTED = {"words": 6, "distinct": 4, "top": {"to": 2}}
FAILS = {"pause": -1}
"""A sleep of negative time fails, however often it is tried."""
ENDLESS = {"seconds": 600}


@pytest.fixture(autouse=True)
def proxied(base_url: str, api_key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `http://localhost:8080` lead to the system."""
    origin = httpx.URL(base_url).copy_with(path="/")
    for name, value in {
        "HTTP_PROXY": str(origin),
        "http_proxy": str(origin),
        "NO_PROXY": "",
        "no_proxy": "",
        "NOUKAI_ENV": "dev",
        "NOUKAI_API_KEY": api_key,
    }.items():
        monkeypatch.setenv(name, value)


def test_python_blocking() -> None:
    """`noukai-sdk` submits, polls and waits."""
    with noukai_sdk.Noukai() as client:
        flow = client.flow("acme/demo/word-count")
        job = flow.execute_async(message=TEXT, parameters={"top": 1}, trace=True)
        assert job.execution_id.startswith("job_")
        assert job.flow_id == "acme/demo/word-count"
        assert job.poll().status in ("pending", "running", "completed")
        done = job.wait(timeout=60, poll_interval=0.2)
    assert (done.status, done.error) == ("completed", None)
    assert done.result["output"] == COUNTED


def test_python_awaiting(base_url: str, api_key: str) -> None:
    """`noukai-sdk` does the same with `await`; it knows a cancelled job only as a failed one."""

    def cancel(job_id: str) -> None:
        with Noukai(api_key=api_key, base_url=base_url) as client:
            client.job(job_id).cancel()

    async def run() -> None:
        async with noukai_sdk.AsyncNoukai() as client:
            job = await client.flow("acme/demo/echo").execute_async(message=TEXT)
            assert (await job.poll()).execution_id == job.execution_id
            assert (await job.wait(timeout=60, poll_interval=0.2)).result["output"]["message"] == TEXT
            endless = await client.flow("acme/demo/sleep").execute_async(parameters={"seconds": 600})
            cancel(endless.execution_id)
            ended = await endless.wait(timeout=60, poll_interval=0.2)
            assert (ended.status, ended.error) == ("failed", "cancelled")

    asyncio.run(run())


Executed = noukai_sdk.ExecuteResult | noukai_sdk.PausedResult


def ended(result: Executed) -> tuple[str, object]:
    """Return the status and the output, unless the execution paused."""
    assert isinstance(result, noukai_sdk.ExecuteResult)
    assert (result.flow_id, result.block_count) == (f"acme/demo/{result.flow_id.rpartition('/')[2]}", 1)
    assert result.execution_id
    return result.status, result.output


def test_python_executes() -> None:
    """`execute` of `noukai-sdk` returns a completed job's output, and names the job that failed."""
    with noukai_sdk.Noukai() as client:
        flow = client.flow("acme/demo/word-count")
        counted = flow.execute(message=TEXT, parameters={"top": 1}, trace=True)
        draft = client.flow("acme/demo/echo").execute(message=TEXT, version="draft")
        failed = flow.execute(message=TEXT, parameters=FAILS)
    assert ended(counted) == ("completed", COUNTED)
    assert ended(draft) == ("completed", {"message": TEXT, "value": None})
    assert ended(failed) == ("failed", None)


def test_python_traces() -> None:
    """`run.trace()` and `run.live_trace()` show a job's attempts as steps."""
    with noukai_sdk.Noukai() as client:
        flow = client.flow("acme/demo/word-count")
        counted = flow.execute(message=TEXT, parameters={"top": 1}, trace=True)
        assert isinstance(counted, noukai_sdk.ExecuteResult)
        assert counted.execution_id is not None
        run = flow.run(counted.execution_id)
        found, live = run.trace(), [*run.live_trace()]
        alone, every = run.step_trace("attempt-1"), run.step_trace("attempt-1", attempt="all")
        assert isinstance(every, noukai_sdk.StepAttempts)
        assert (alone, every.attempts) == (run.step_trace("attempt-1", attempt=1), found.steps)
        with pytest.raises(noukai_sdk.FlowNotFoundError):
            run.step_trace("attempt-2")
        failed = flow.run(flow.execute_async(parameters=FAILS, message=TEXT).execution_id)
        kinds = [event.event_type for event in failed.live_trace()]
    assert [alone] == found.steps
    assert (found.flow_run.id, found.flow_run.status) == (counted.execution_id, "completed")
    assert [(step.step_id, step.status, step.output_context) for step in found.steps] == [
        ("attempt-1", "completed", {"output": COUNTED})
    ]
    assert [event.event_type for event in live] == [
        "run_started",
        "step_started",
        "step_completed",
        "flow_completed",
    ]
    assert kinds[:3] == ["run_started", "step_started", "step_error"]


def test_python_traces_awaiting() -> None:
    """The same with `await`."""

    async def run() -> None:
        async with noukai_sdk.AsyncNoukai() as client:
            flow = client.flow("acme/demo/echo")
            job = await flow.execute_async(message=TEXT)
            traced = flow.run(job.execution_id)
            kinds = [event.event_type async for event in traced.live_trace()]
            assert kinds[-1] == "flow_completed"
            (step,) = (await traced.trace()).steps
            assert await traced.step_trace(step.step_id) == step
            assert (step.status, step.attempt) == ("completed", 1)

    asyncio.run(run())


def test_python_executes_awaiting() -> None:
    """`execute` does the same with `await`."""

    async def run() -> list[Executed]:
        async with noukai_sdk.AsyncNoukai() as client:
            flow = client.flow("acme/demo/word-count")
            executions = (flow.execute(message=TEXT, parameters=given) for given in ({"top": 1}, FAILS))
            return await asyncio.gather(*executions)

    assert [ended(result) for result in asyncio.run(run())] == [("completed", COUNTED), ("failed", None)]


def test_python_executes_for_too_long(base_url: str, api_key: str) -> None:
    """A job longer than the request is the SDK's own error, with the id to find it; the job continues."""
    with Noukai(api_key=api_key, base_url=base_url) as ours:

        def check(raised: noukai_sdk.FlowExecutionError) -> None:
            assert (raised.status_code, raised.code, bool(raised.request_id)) == (
                504,
                "EXECUTE_TIMEOUT",
                True,
            )
            job = ours.job(raised.response_body["detail"]["id"])
            assert job.status().state in ("pending", "running")
            job.cancel()

        def blocking() -> None:
            with noukai_sdk.Noukai() as client, pytest.raises(noukai_sdk.FlowExecutionError) as raised:
                client.flow("acme/demo/sleep").execute(parameters=ENDLESS)
            check(raised.value)

        async def run() -> None:
            beside = asyncio.create_task(asyncio.to_thread(blocking))
            async with noukai_sdk.AsyncNoukai() as client:
                with pytest.raises(noukai_sdk.FlowExecutionError) as raised:
                    await client.flow("acme/demo/sleep").execute(parameters=ENDLESS)
            check(raised.value)
            await beside

        asyncio.run(run())


def test_python_errors() -> None:
    """A wrong key, an unknown flow and an unknown job are the SDK's own errors, with code and request id."""
    with (
        noukai_sdk.Noukai(api_key="nk_wrong") as client,
        pytest.raises(noukai_sdk.AuthenticationError) as wrong_key,
    ):
        client.flow("acme/demo/echo").execute_async(message=TEXT)
    with noukai_sdk.Noukai() as client:
        with pytest.raises(noukai_sdk.FlowNotFoundError) as unknown_flow:
            client.flow("acme/demo/nothing").execute_async(message=TEXT)
        with pytest.raises(noukai_sdk.PermissionDeniedError) as other_org:
            client.flow("globex/demo/echo").execute_async(message=TEXT)
    for raised, code in (
        (wrong_key, "UNAUTHENTICATED"),
        (unknown_flow, "FLOW_NOT_FOUND"),
        (other_org, "FORBIDDEN"),
    ):
        assert raised.value.code == code
        assert raised.value.request_id
    assert wrong_key.value.www_authenticate == "Bearer"


def test_python_unknown_job() -> None:
    """An unknown job is not found once the SDK's own grace for new jobs is over."""
    from noukai_sdk._jobs import Job  # noqa: PLC0415 - it has no public way to a job by its id

    with noukai_sdk.Noukai() as client:
        job = client.flow("acme/demo/echo").execute_async(message=TEXT)
        unknown = Job(
            job._transport, "acme", "demo", "echo", "job_" + "a" * 26, job.flow_id, submitted_at=float("-inf")
        )
        with pytest.raises(noukai_sdk.FlowNotFoundError) as not_found:
            unknown.poll()
    assert (not_found.value.code, bool(not_found.value.request_id)) == ("JOB_NOT_FOUND", True)


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """Install the SDK from npm with the Node of the Python package; return its folder."""
    folder = ROOT / ".build" / "published-sdk"
    wanted = json.loads((HERE / "package.json").read_text())["dependencies"]["@noukai/sdk"]
    installed = folder / "node_modules" / "@noukai" / "sdk" / "package.json"
    if not installed.exists() or json.loads(installed.read_text())["version"] != wanted:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / "package.json", folder)
        quiet = ("--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
        environment = {name: value for name, value in os.environ.items() if name.lower() != "http_proxy"}
        subprocess.run([*NPM, "install", *quiet], check=True, cwd=folder, env=node_environment(environment))
    return folder


def test_javascript(node_modules: Path, base_url: str) -> None:
    """`@noukai/sdk` submits, polls, waits, executes and raises its errors."""
    script = node_modules / "published_sdk.mjs"
    shutil.copy(HERE / script.name, script)
    done = subprocess.run(
        [NODE, "--no-warnings", script],
        env={**os.environ, "SYSTEM": str(httpx.URL(base_url).copy_with(path="")).rstrip("/")},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout) == {
        "output": COUNTED,
        "executed": ["completed", 6],
        "failed": ["failed", None],
        "traced": [
            "completed",
            [["attempt-1", "completed"]],
            ["run_started", "step_started", "step_completed", "flow_completed"],
        ],
        "step": [1, "completed", [1], ["FlowNotFoundError", "NOT_FOUND"]],
        "slow": ["FlowExecutionError", "EXECUTE_TIMEOUT", 504, True],
        "errors": [
            ["AuthenticationError", "UNAUTHENTICATED", True],
            ["FlowNotFoundError", "FLOW_NOT_FOUND", True],
        ],
    }
