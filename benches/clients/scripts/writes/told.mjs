// What every Node client that writes is told, and tells.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const { env } = process
export const require = createRequire(`${env.BENCH_MODULES}/`)
export const webhook = env.B24_WEBHOOK
/** Whether the portal limits requests; if not, the client's own limits are lifted where they can be. */
export const limited = env.BENCH_LIMITED === '1'
export const method = env.BENCH_METHOD
/** Parameters of one call a line. */
export const rows = readFileSync(env.BENCH_ROWS, 'utf8').trim().split('\n').map((line) => JSON.parse(line))

/** Writes, and tells whether the client says that all went well. */
export async function told(write) {
  let error = null
  try {
    await write()
  } catch (thrown) {
    error = String(thrown).slice(0, 300)
  }
  console.log(JSON.stringify({ error }))
}
