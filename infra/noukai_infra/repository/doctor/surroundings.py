"""The checks of what surrounds this machine: builders of images, a proxy, the clock."""

import os
import time
from email.utils import parsedate_to_datetime
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from noukai_infra.bundle.image_builder import CHOSEN, builder_environment
from noukai_infra.operations.account import OperatorError

_MOST_SKEW_SECONDS = 240
"""AWS refuses a signature of five minutes ago: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html."""
_SECONDS = 3.0
_CLOCK = "https://sts.amazonaws.com/"


def builder() -> str:
    """Return which program builds images; raise if there is none."""
    found = builder_environment(os.environ).get(CHOSEN) or os.environ[CHOSEN]
    return f"{found} builds images of worker kinds"


def proxy() -> str:
    """Return the proxy of HTTPS requests, without its password."""
    stated = os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy")
    return f"HTTPS_PROXY is {stated.rpartition('@')[2]}" if stated else "none is set"


def clock(url: str = _CLOCK) -> str:
    """Return how far this clock is from that of AWS; raise if AWS would refuse its signatures."""
    try:
        with urlopen(Request(url, method="HEAD"), timeout=_SECONDS) as answer:  # noqa: S310 - our own address
            stated = answer.headers["Date"]
    except HTTPError as refused:
        stated = refused.headers["Date"]
    except OSError as error:
        cause = error.reason if isinstance(error, URLError) else error
        reason = cause.strerror if isinstance(cause, OSError) and cause.strerror else cause
        raise OperatorError(
            f"not checked: {url} does not answer ({reason}); behind a proxy, set HTTPS_PROXY"
        ) from error
    skew = time.time() - parsedate_to_datetime(stated).timestamp()
    if abs(skew) > _MOST_SKEW_SECONDS:
        raise OperatorError(f"it is {skew:+.0f} s from that of AWS, which refuses signatures: set the clock")
    return f"within {max(1, abs(round(skew)))} s of that of AWS"
