// @bitrix24/b24jssdk: https only; the portal's CA comes in NODE_EXTRA_CA_CERTS.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(`${process.env.COMPAT_MODULES}/`)
const { B24Hook } = require('@bitrix24/b24jssdk')

const portal = B24Hook.fromWebhookUrl(process.env.B24_WEBHOOK)
const select = ['ID', 'TITLE', 'STAGE_ID', 'OPPORTUNITY', 'DATE_CREATE']
const { v2 } = portal.actions

/** The data of an outcome, or its errors as an exception. */
function data(outcome) {
  if (!outcome.isSuccess) {
    throw new Error(outcome.getErrorMessages().join('; '))
  }
  return outcome.getData()
}

const me = data(await v2.call.make({ method: 'user.current' })).result
const deals = data(await v2.callList.make({ method: 'crm.deal.list', params: { select } }))
const id = deals[0].ID
const item = data(
  await v2.call.make({ method: 'crm.item.get', params: { entityTypeId: 2, id } })
).result
const batch = data(
  await v2.batch.make({
    calls: {
      me: { method: 'user.current' },
      deal: { method: 'crm.deal.get', params: { id } },
      contacts: {
        method: 'crm.contact.list',
        params: { select: ['ID', 'NAME'], order: { ID: 'ASC' } }
      }
    },
    options: { isHaltOnError: true, returnAjaxResult: false }
  })
)

const { version } = JSON.parse(
  readFileSync(`${process.env.COMPAT_MODULES}/node_modules/@bitrix24/b24jssdk/package.json`, 'utf8')
)
console.log(JSON.stringify({ version, call: { me, item }, list: deals, batch }))
portal.destroy()
