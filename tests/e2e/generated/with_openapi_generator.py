"""A program that submits, waits and cancels with what openapi-generator made."""

import json
import sys

from openapi_client import (
    ApiClient,
    Configuration,
    DirectSubmissionDemoSleep,
    DirectSubmissionDemoWordCount,
    JobsApi,
    ParametersDemoSleep,
    ParametersDemoWordCount,
    SubmissionDemoSleep,
    SubmissionDemoWordCount,
)

base_url, key, org = sys.argv[1:]
with ApiClient(Configuration(host=base_url, access_token=key)) as client:
    jobs = JobsApi(client)
    counting = DirectSubmissionDemoWordCount(
        message="to be or not to be", parameters=ParametersDemoWordCount(top=1)
    )
    counted = jobs.submit_demo_word_count(org, SubmissionDemoWordCount(counting))
    while (status := jobs.wait_by_id(counted.id)).state in ("pending", "running"):
        pass
    assert status.result
    sleeping = DirectSubmissionDemoSleep(parameters=ParametersDemoSleep(seconds=600))
    slept = jobs.submit_demo_sleep(org, SubmissionDemoSleep(sleeping))
    cancelled = jobs.cancel_by_id(slept.id)
print(json.dumps([status.state, status.result.output, cancelled.state]))
