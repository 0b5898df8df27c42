// @2bad/bitrix: `batch`, all chunks queued at once. Two requests a second are built in.
import { method, require, rows, told, webhook } from './told.mjs'

const { Bitrix } = require('@2bad/bitrix')

const portal = Bitrix(webhook.replace(/\/$/, ''))
await told(() => portal.batch(rows.map((params) => ({ method, params }))))
