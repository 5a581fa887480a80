"""A program that submits, waits and cancels with the models of datamodel-code-generator, and httpx."""

import json
import sys

import httpx
from made_models import (
    DirectSubmissionDemoSleep,
    DirectSubmissionDemoWordCount,
    JobAccepted,
    JobStatus,
    ParametersDemoSleep,
    ParametersDemoWordCount,
    State,
)
from pydantic import BaseModel

base_url, key, org = sys.argv[1:]
with httpx.Client(
    headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"}, timeout=30
) as client:

    def submit(flow: str, body: BaseModel) -> JobAccepted:
        """Return the accepted job."""
        content = body.model_dump_json(by_alias=True)
        answer = client.post(f"{base_url}/seq/{org}/{flow}/jobs", content=content)
        return JobAccepted.model_validate_json(answer.raise_for_status().content)

    def ask(method: str, path: str) -> JobStatus:
        """Return the job's status."""
        return JobStatus.model_validate_json(
            client.request(method, base_url + path).raise_for_status().content
        )

    counting = DirectSubmissionDemoWordCount(
        message="to be or not to be", parameters=ParametersDemoWordCount(top=1)
    )
    counted = submit("demo/word-count", counting)
    while (status := ask("GET", f"/jobs/{counted.id}/wait")).state in (State.pending, State.running):
        pass
    assert status.result
    slept = submit("demo/sleep", DirectSubmissionDemoSleep(parameters=ParametersDemoSleep(seconds=600)))
    cancelled = ask("POST", f"/jobs/{slept.id}/cancel")
print(json.dumps([status.state.value, status.result.output, cancelled.state.value]))
