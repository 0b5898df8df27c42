"""What every Python client that writes is told, and tells."""

import json
import os

WEBHOOK = os.environ["B24_WEBHOOK"]
METHOD = os.environ["BENCH_METHOD"]
#: Parameters of one call a line.
with open(os.environ["BENCH_ROWS"]) as file:
    ROWS = [json.loads(line) for line in file]


def told(write):
    """Writes, and tells whether the client says that all went well."""
    error = None
    try:
        write()
    except Exception as exception:
        error = f"{type(exception).__name__}: {exception}"[:300]
    print(json.dumps({"error": error}))
