from collections import Counter

from noukai import JobFailedError, Noukai, as_completed

inputs = [f"picture {number}" for number in range(1000)]

with Noukai(api_key="nk_local_acme", org="acme", project="pictures") as client:
    jobs = client.flow("caption").map(inputs, idempotency_key="captions of November")
    places = {job: place for place, job in enumerate(jobs)}
    captions: list[str | None] = [None] * len(inputs)
    ends = Counter[str]()
    for job in as_completed(places, timeout_ms=600_000):
        try:
            captions[places[job]] = job.wait().output
            ends["completed"] += 1
        except JobFailedError as error:
            print(inputs[places[job]], error.status.error)
            ends["failed"] += 1

assert captions[999] == "Picture 999"
print(dict(ends))
