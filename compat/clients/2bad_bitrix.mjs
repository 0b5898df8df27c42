// @2bad/bitrix: http, no slash at the end of the webhook.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(`${process.env.COMPAT_MODULES}/`)
const { Bitrix } = require('@2bad/bitrix')

const portal = Bitrix(process.env.B24_WEBHOOK.replace(/\/$/, ''))
const select = ['ID', 'TITLE', 'STAGE_ID', 'OPPORTUNITY', 'DATE_CREATE']

const me = (await portal.call('user.current', {})).result
const deals = (await portal.list('crm.deal.list', { select, order: { ID: 'ASC' } })).result
const id = deals[0].ID
const item = (await portal.call('crm.item.get', { entityTypeId: 2, id })).result
const answer = await portal.batch({
  me: { method: 'user.current' },
  deal: { method: 'crm.deal.get', params: { id } },
  contacts: { method: 'crm.contact.list', params: { select: ['ID', 'NAME'], order: { ID: 'ASC' } } }
})

const { version } = JSON.parse(
  readFileSync(`${process.env.COMPAT_MODULES}/node_modules/@2bad/bitrix/package.json`, 'utf8')
)
console.log(JSON.stringify({ version, call: { me, item }, list: deals, batch: answer.result.result }))
