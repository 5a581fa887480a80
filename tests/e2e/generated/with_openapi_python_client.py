"""A program that submits, waits and cancels with what openapi-python-client made."""

import json
import sys

from made_client import AuthenticatedClient
from made_client.api.jobs import cancel_by_id, submit_demo_sleep, submit_demo_word_count, wait_by_id
from made_client.models import (
    DirectSubmissionDemoSleep,
    DirectSubmissionDemoWordCount,
    JobAccepted,
    JobStatus,
    ParametersDemoSleep,
    ParametersDemoWordCount,
)

base_url, key, org = sys.argv[1:]
client = AuthenticatedClient(base_url=base_url, token=key)
counting = DirectSubmissionDemoWordCount(
    message="to be or not to be", parameters=ParametersDemoWordCount(top=1)
)
counted = submit_demo_word_count.sync(org, client=client, body=counting)
assert isinstance(counted, JobAccepted)
while True:
    status = wait_by_id.sync(counted.id, client=client)
    assert isinstance(status, JobStatus)
    if status.state not in ("pending", "running"):
        break
assert status.result
sleeping = DirectSubmissionDemoSleep(parameters=ParametersDemoSleep(seconds=600))
slept = submit_demo_sleep.sync(org, client=client, body=sleeping)
assert isinstance(slept, JobAccepted)
cancelled = cancel_by_id.sync(slept.id, client=client)
assert isinstance(cancelled, JobStatus)
print(json.dumps([status.state, status.result.output, cancelled.state]))
