"""b24pysdk: https only; the portal's CA comes in REQUESTS_CA_BUNDLE."""

import json
import os
from importlib.metadata import version
from urllib.parse import urlsplit

from b24pysdk import BitrixWebhook, Client

address = urlsplit(os.environ["B24_WEBHOOK"])
user, secret = address.path.strip("/").split("/")[1:]
portal = Client(BitrixWebhook(domain=address.netloc, webhook_token=f"{user}/{secret}"))
SELECT = ["ID", "TITLE", "STAGE_ID", "OPPORTUNITY", "DATE_CREATE"]

me = portal.user.current().result
deals = portal.crm.deal.list(select=SELECT, order={"ID": "ASC"}).as_list().result
deal_id = int(deals[0]["ID"])
item = portal.crm.item.get(entity_type_id=2, bitrix_id=deal_id).result
batch = portal.call_batch(
    {
        "me": portal.user.current(),
        "deal": portal.crm.deal.get(bitrix_id=deal_id),
        "contacts": portal.crm.contact.list(select=["ID", "NAME"], order={"ID": "ASC"}),
    }
).result.result

print(
    json.dumps(
        {
            "version": version("b24pysdk"),
            "call": {"me": me, "item": item},
            "list": deals,
            "batch": batch,
        }
    )
)
