"""fast_bitrix24: `get_all`. Its limiter cannot be switched off (it breaks), and does not pace."""

from delivered import FILTER, METHOD, SELECT, WEBHOOK, deliver
from fast_bitrix24 import Bitrix

portal = Bitrix(WEBHOOK, verbose=False)
deliver("fast_bitrix24", lambda: portal.get_all(METHOD, {"select": SELECT, "filter": FILTER}))
