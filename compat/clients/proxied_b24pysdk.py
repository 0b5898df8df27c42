"""b24pysdk in four threads through `b24 proxy`: https only; the proxy's CA comes in B24_PORTAL_CA."""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from urllib.parse import urlsplit

os.environ["REQUESTS_CA_BUNDLE"] = os.environ["B24_PORTAL_CA"]
from b24pysdk import BitrixWebhook, Client  # noqa: E402

CALLS = 90
address = urlsplit(os.environ["B24_WEBHOOK"])
user, token = address.path.strip("/").split("/")[1:]
portal = Client(BitrixWebhook(domain=address.netloc, webhook_token=f"{user}/{token}"))


def me(_):
    """Who calls."""
    return portal.user.current().result["ID"]


begun = time.monotonic()
with ThreadPoolExecutor(max_workers=4) as threads:
    answers = list(threads.map(me, range(CALLS)))
print(
    json.dumps(
        {
            "version": version("b24pysdk"),
            "answered": len(answers),
            "seconds": time.monotonic() - begun,
        }
    )
)
