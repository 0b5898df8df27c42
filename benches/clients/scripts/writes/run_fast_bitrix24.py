"""fast_bitrix24: `call` with a list of parameters, batches at once."""

from fast_bitrix24 import Bitrix
from told import METHOD, ROWS, WEBHOOK, told

portal = Bitrix(WEBHOOK, verbose=False)
told(lambda: portal.call(METHOD, ROWS))
