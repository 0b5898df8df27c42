// What every Node client of the bench is told, and tells.
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const { env } = process
export const require = createRequire(`${env.BENCH_MODULES}/`)
export const webhook = env.B24_WEBHOOK
export const method = 'crm.deal.list'
export const select = env.BENCH_SELECT.split(',')
export const filter = JSON.parse(env.BENCH_FILTER)
/** Whether the portal limits requests; if not, the client's own limits are lifted where they can be. */
export const limited = env.BENCH_LIMITED === '1'

/** Goes through pages of rows as they come, and tells how many and which. */
export async function deliver(packageName, read) {
  let rows = 0
  let error = null
  const ids = []
  try {
    for await (const page of read()) {
      rows += page.length
      if (env.BENCH_IDS) for (const row of page) ids.push(row.ID)
    }
  } catch (thrown) {
    error = String(thrown).slice(0, 300)
  }
  if (env.BENCH_IDS) writeFileSync(env.BENCH_IDS, ids.map((id) => `${id}\n`).join(''))
  const { version } = JSON.parse(
    readFileSync(`${env.BENCH_MODULES}/node_modules/${packageName}/package.json`, 'utf8')
  )
  console.log(JSON.stringify({ version, rows, error }))
}
