// @bitrix24/b24jssdk: `fetchList`, one page a request; https only.
import { deliver, filter, limited, method, require, select, webhook } from './delivered.mjs'

const { B24Hook, ParamsFactory } = require('@bitrix24/b24jssdk')

const portal = B24Hook.fromWebhookUrl(webhook)
if (!limited) {
  await portal.setRestrictionManagerParams({
    ...ParamsFactory.getDefault(),
    rateLimit: { burstLimit: 1e9, drainRate: 1e9, adaptiveEnabled: false },
    operatingLimit: { windowMs: 6e5, limitMs: 1e12, heavyPercent: 80 },
    adaptiveConfig: { enabled: false, thresholdPercent: 80, coefficient: 0.01, maxDelay: 0 }
  })
}
await deliver('@bitrix24/b24jssdk', () =>
  portal.actions.v2.fetchList.make({ method, params: { select, filter } })
)
portal.destroy()
