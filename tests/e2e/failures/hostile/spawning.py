"""A module that starts a child, a daemon and a thread on import."""

import os
import subprocess
import threading
import time

from noukai.flow import flow

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in a worker, not where the build lists the flows
    subprocess.Popen(["sleep", "600"])
    threading.Thread(target=time.sleep, args=(600,)).start()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(600)
        os._exit(0)


@flow(max_attempts=1)
def work() -> str:
    """Work."""
    return "done"
