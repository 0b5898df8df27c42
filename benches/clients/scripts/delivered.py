"""What every Python client of the bench is told, and tells."""

import json
import os
from importlib.metadata import version

WEBHOOK = os.environ["B24_WEBHOOK"]
METHOD = "crm.deal.list"
SELECT = os.environ["BENCH_SELECT"].split(",")
FILTER = json.loads(os.environ["BENCH_FILTER"])
#: Whether the portal limits requests; if not, the client's own limits are lifted where they can be.
LIMITED = os.environ["BENCH_LIMITED"] == "1"


def deliver(package, read):
    """Goes through the rows as they come, and tells how many and which."""
    rows, ids, error = 0, [], None
    keep = "BENCH_IDS" in os.environ
    try:
        for row in read():
            rows += 1
            if keep:
                ids.append(row["ID"])
    except Exception as exception:
        error = f"{type(exception).__name__}: {exception}"[:300]
    if keep:
        with open(os.environ["BENCH_IDS"], "w") as file:
            file.writelines(f"{row_id}\n" for row_id in ids)
    print(json.dumps({"version": version(package), "rows": rows, "error": error}))
