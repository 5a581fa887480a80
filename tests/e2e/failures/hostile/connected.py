"""A module that opens a TLS connection and a thread pool on import, and keeps both."""

import os
import ssl
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPSConnection
from urllib.parse import urlsplit

from noukai.flow import flow

POOL = ThreadPoolExecutor(2)
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in a worker, not where the build lists the flows
    address = urlsplit(os.environ["AWS_ENDPOINT_URL"])
    context = ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"])
    CONNECTION = HTTPSConnection(str(address.hostname), address.port, context=context)
    CONNECTION.connect()
    POOL.submit(os.getpid).result()


def status() -> int:
    """Make a request over the open connection."""
    CONNECTION.request("GET", "/_ministack/health")
    answer = CONNECTION.getresponse()
    answer.read()
    return answer.status


@flow(max_attempts=1)
def work() -> str:
    """Use both."""
    return "done" if POOL.submit(status).result() else "nothing"
