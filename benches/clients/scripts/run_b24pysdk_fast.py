"""b24pysdk: `as_list_fast`, chains of pages; https only. It has no limiter."""

from urllib.parse import urlsplit

from b24pysdk import BitrixWebhook, Client
from delivered import FILTER, SELECT, WEBHOOK, deliver

address = urlsplit(WEBHOOK)
user, secret = address.path.strip("/").split("/")[1:]
portal = Client(BitrixWebhook(domain=address.netloc, webhook_token=f"{user}/{secret}"))
deliver(
    "b24pysdk",
    lambda: portal.crm.deal.list(select=SELECT, filter=FILTER).as_list_fast().result,
)
