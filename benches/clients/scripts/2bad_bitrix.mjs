// @2bad/bitrix: `list`, pages by offset in batches. Two requests a second are built in.
import { deliver, filter, method, require, select, webhook } from './delivered.mjs'

const { Bitrix } = require('@2bad/bitrix')

const portal = Bitrix(webhook.replace(/\/$/, ''))
await deliver('@2bad/bitrix', async function* () {
  yield (await portal.list(method, { select, filter, order: { ID: 'ASC' } })).result
})
