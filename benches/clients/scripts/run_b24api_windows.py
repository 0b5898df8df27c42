"""b24api: `list_batched_no_count`, windows of ids. It has no limiter."""

import os

from delivered import FILTER, METHOD, SELECT, WEBHOOK, deliver

os.environ["BITRIX24_API_WEBHOOK_URL"] = WEBHOOK
from b24api import Bitrix24  # noqa: E402

request = {"method": METHOD, "parameters": {"select": SELECT, "filter": FILTER}}
deliver("b24api", lambda: Bitrix24().list_batched_no_count(request))
