// @bitrix24/b24jssdk: `batchByChunk`; https only.
import { limited, method, require, rows, told, webhook } from './told.mjs'

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
await told(async () => {
  const outcome = await portal.actions.v2.batchByChunk.make({
    calls: rows.map((row) => [method, row]),
    options: { isHaltOnError: false }
  })
  if (!outcome.isSuccess) throw new Error(outcome.getErrorMessages().join('; '))
})
portal.destroy()
