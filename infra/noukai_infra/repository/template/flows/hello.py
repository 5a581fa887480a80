"""The project `hello`: each decorated function of this module is a flow."""

import time

from noukai.flow import Context, PermanentError, flow


@flow(timeout=60, max_attempts=3)
def hello(message: str, *, loud: bool = False, pause: float = 0, context: Context) -> str:
    """Return a greeting for everybody in the message, with a pause in seconds for each name."""
    names = message.split()
    if not names:
        raise PermanentError("the message names nobody")
    for number, name in enumerate(names, start=1):
        context.progress(percent=100 * number / len(names), message=f"greeting {name}")
        time.sleep(pause)
    greeting = f"Hello, {' and '.join(names)}!"
    return greeting.upper() if loud else greeting
