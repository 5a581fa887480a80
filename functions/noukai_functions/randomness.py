"""Random state that several environments would share, since they are restored from one snapshot.

What reads the system's generator is unique by itself: `os.urandom`, `secrets`, `uuid.uuid4`.
https://docs.aws.amazon.com/lambda/latest/dg/snapstart-uniqueness.html
"""

import os
import sys
from typing import Any

_SEED_BYTES = 32


def renew_randomness() -> None:
    """Replace the state of the global generators of the libraries that are loaded."""
    modules: dict[str, Any] = dict(sys.modules)
    if random := modules.get("random"):
        random.seed()
    if of_numpy := modules.get("numpy.random"):
        of_numpy.seed()
    if ssl := modules.get("ssl"):
        ssl.RAND_add(os.urandom(_SEED_BYTES), float(_SEED_BYTES))
