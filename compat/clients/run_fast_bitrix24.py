"""fast_bitrix24: http."""

import json
import os
from importlib.metadata import version

from fast_bitrix24 import Bitrix

portal = Bitrix(os.environ["B24_WEBHOOK"], verbose=False)
SELECT = ["ID", "TITLE", "STAGE_ID", "OPPORTUNITY", "DATE_CREATE"]


def call(method, params):
    """One direct request; without `raw` the client wraps every call in a batch."""
    return portal.call(method, params, raw=True)["result"]


me = call("user.current", {})
deals = portal.get_all("crm.deal.list", {"select": SELECT})
deal_id = min(int(deal["ID"]) for deal in deals)
item = call("crm.item.get", {"entityTypeId": 2, "id": deal_id})
batch = portal.call_batch(
    {
        "halt": 0,
        "cmd": {
            "me": "user.current",
            "deal": f"crm.deal.get?id={deal_id}",
            "contacts": "crm.contact.list?select[]=ID&select[]=NAME&order[ID]=ASC",
        },
    }
)

print(
    json.dumps(
        {
            "version": version("fast_bitrix24"),
            "call": {"me": me, "item": item},
            "list": deals,
            "batch": batch,
        }
    )
)
