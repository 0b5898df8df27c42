"""b24pysdk: `call_batches`, one batch after the other; https only. It has no limiter."""

from urllib.parse import urlsplit

from b24pysdk import BitrixWebhook, Client
from told import METHOD, ROWS, WEBHOOK, told

address = urlsplit(WEBHOOK)
user, secret = address.path.strip("/").split("/")[1:]
portal = Client(BitrixWebhook(domain=address.netloc, webhook_token=f"{user}/{secret}"))


def request(row):
    if METHOD == "crm.deal.add":
        return portal.crm.deal.add(row["fields"])
    return portal.crm.deal.update(int(row["id"]), row["fields"])


def write():
    errors = portal.call_batches([request(row) for row in ROWS]).result.result_error
    if errors:
        raise RuntimeError(f"{len(errors)} commands failed")


told(write)
