// @bitrix24/b24jssdk in 8 processes that share the tokens of an application through a file: 100 calls of each at once,
// when the access token has expired. With the callback that saves what a refresh has brought; and with a refresher of
// one's own that looks into the file first.
import { fork } from 'node:child_process'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PROCESSES = 8
const CALLS = 100
const env = process.env
const require = createRequire(`${env.COMPAT_MODULES}/`)

const load = (file) => JSON.parse(readFileSync(file, 'utf8'))

/** Nobody reads half a file. */
function save(file, tokens) {
  writeFileSync(`${file}.${process.pid}`, JSON.stringify(tokens))
  renameSync(`${file}.${process.pid}`, file)
}

/** The client of one process. The portal has no limits here, and so has the client. */
function client(file, how) {
  const { B24OAuth, ParamsFactory } = require('@bitrix24/b24jssdk')
  let used = load(file)
  const own = {
    applicationToken: env.B24_APPLICATION_TOKEN,
    userId: 1,
    memberId: env.B24_MEMBER_ID,
    ...used,
    expiresIn: 3600,
    scope: env.B24_SCOPE,
    domain: new URL(env.B24_CLIENT_ENDPOINT).host,
    clientEndpoint: env.B24_CLIENT_ENDPOINT,
    serverEndpoint: env.B24_SERVER_ENDPOINT,
    status: 'L'
  }
  const secret = { clientId: env.B24_CLIENT_ID, clientSecret: env.B24_CLIENT_SECRET }
  const unbound = { burstLimit: 10_000, drainRate: 10_000, adaptiveEnabled: false }
  const restrictionParams = { ...ParamsFactory.getRealtime(), rateLimit: unbound }
  const b24 = new B24OAuth(own, secret, { restrictionParams })
  if (how === 'callback') {
    b24.setCallbackRefreshAuth(async ({ b24OAuthParams: { accessToken, refreshToken, expires } }) => {
      save(file, { accessToken, refreshToken, expires })
    })
  } else {
    b24.setCustomRefreshAuth(async () => {
      const stored = load(file)
      if (stored.accessToken === used.accessToken) {
        used = await refreshed(stored, secret)
        save(file, used)
      } else {
        used = stored
      }
      return {
        access_token: used.accessToken,
        refresh_token: used.refreshToken,
        expires: String(used.expires),
        expires_in: '3600',
        client_endpoint: own.clientEndpoint,
        server_endpoint: own.serverEndpoint,
        scope: own.scope,
        status: own.status
      }
    })
  }
  return b24
}

async function refreshed(stored, { clientId, clientSecret }) {
  const body = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: clientId,
    client_secret: clientSecret,
    refresh_token: stored.refreshToken
  })
  const server = env.B24_SERVER_ENDPOINT.replace('/rest/', '')
  const answer = await (await fetch(`${server}/oauth/token/`, { method: 'POST', body })).json()
  if (answer.error) {
    throw new Error(answer.error)
  }
  return {
    accessToken: answer.access_token,
    refreshToken: answer.refresh_token,
    expires: Number(answer.expires)
  }
}

/** What a call ended with: nothing, or the code of the error and that of its cause. */
async function ending(b24) {
  try {
    const outcome = await b24.actions.v2.call.make({ method: 'profile' })
    return outcome.isSuccess ? undefined : outcome.getErrorMessages().join('; ')
  } catch (error) {
    const cause = error.originalError
    return `${cause?.code ?? cause?.message ?? '?'}, told as ${error.code}`
  }
}

async function child([file, how]) {
  const b24 = client(file, how)
  process.send('ready')
  await new Promise((resolve) => process.once('message', resolve))
  const endings = await Promise.all(Array.from({ length: CALLS }, () => ending(b24)))
  process.send({ endings }, () => process.disconnect())
}

/** The control API of the portal. */
async function control(path, body) {
  const answer = await fetch(`${env.B24_PORTAL_URL}/_b24${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${env.B24_PORTAL_TOKEN}` },
    body: body && JSON.stringify(body)
  })
  if (!answer.ok) {
    throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  }
  return answer.json()
}

/** A message of each process. */
const heard = (processes) =>
  Promise.all(
    processes.map(
      (one) =>
        new Promise((resolve, reject) => {
          one.once('message', resolve)
          one.once('exit', (code) => reject(new Error(`a process ended: ${code}`)))
        })
    )
  )

async function compared(how, file) {
  const issued = await control(`/apps/${env.B24_CLIENT_ID}/tokens`, { user: 1 })
  const expires = Math.floor(Date.now() / 1000) + 3600
  save(file, { accessToken: issued.access_token, refreshToken: issued.refresh_token, expires })
  await control('/tokens/expire', {})
  const before = (await control('/stats')).oauth
  const self = fileURLToPath(import.meta.url)
  const processes = Array.from({ length: PROCESSES }, () => fork(self, [file, how]))
  await heard(processes)
  const answers = heard(processes)
  processes.forEach((one) => one.send('go'))
  const endings = (await answers).flatMap((answer) => answer.endings)
  const after = (await control('/stats')).oauth
  const errors = {}
  // What is undefined comes as null.
  for (const error of endings.filter((end) => end !== null)) {
    errors[error] = (errors[error] ?? 0) + 1
  }
  return {
    how,
    calls: endings.length,
    succeeded: endings.filter((end) => end === null).length,
    refreshes: after.refreshes - before.refreshes,
    refused: after.refused_refreshes - before.refused_refreshes,
    errors
  }
}

if (process.send) {
  await child(process.argv.slice(2))
} else {
  const directory = mkdtempSync(join(tmpdir(), 'b24jssdk-'))
  const runs = []
  try {
    for (const how of ['callback', 'refresher']) {
      runs.push(await compared(how, join(directory, `${how}.json`)))
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
  const { version } = load(`${env.COMPAT_MODULES}/node_modules/@bitrix24/b24jssdk/package.json`)
  console.log(JSON.stringify({ version, runs }))
}
