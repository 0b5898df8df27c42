// @bitrix24/b24jssdk as an application: calls, meets an expired token twice, refreshes, goes on.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(`${process.env.COMPAT_MODULES}/`)
const { B24OAuth } = require('@bitrix24/b24jssdk')
const env = process.env

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

/** An application that was stored with these dates. */
function application(expires) {
  return new B24OAuth(
    {
      applicationToken: env.B24_APPLICATION_TOKEN,
      userId: 1,
      memberId: env.B24_MEMBER_ID,
      accessToken: tokens.accessToken,
      refreshToken: tokens.refreshToken,
      expires,
      expiresIn: 3600,
      scope: env.B24_SCOPE,
      domain: new URL(env.B24_CLIENT_ENDPOINT).host,
      clientEndpoint: env.B24_CLIENT_ENDPOINT,
      serverEndpoint: env.B24_SERVER_ENDPOINT,
      status: 'L'
    },
    { clientId: env.B24_CLIENT_ID, clientSecret: env.B24_CLIENT_SECRET }
  )
}

let tokens = { accessToken: env.B24_ACCESS_TOKEN, refreshToken: env.B24_REFRESH_TOKEN }
const saved = []

/** Who the token is, by REST 2 and REST 3. */
async function calls(b24) {
  b24.setCallbackRefreshAuth(async ({ b24OAuthParams }) => {
    tokens = b24OAuthParams
    saved.push({ member: b24OAuthParams.memberId === env.B24_MEMBER_ID })
  })
  const { v2, v3 } = b24.actions
  const profile = await v2.call.make({ method: 'profile' })
  const tasks = await v3.call.make({
    method: 'tasks.task.list',
    params: { select: ['id'], pagination: { limit: 1 } }
  })
  for (const outcome of [profile, tasks]) {
    if (!outcome.isSuccess) {
      throw new Error(outcome.getErrorMessages().join('; '))
    }
  }
  return profile.getData().result.ID
}

const users = [await calls(application(Number(env.B24_EXPIRES)))]
// The portal's clock goes on, the client's does not: it learns from the refusal.
await control('/clock', { advance: 3600 })
users.push(await calls(application(Number(env.B24_EXPIRES))))
// The client knows by itself that the token has ended.
users.push(await calls(application(1)))

const { version } = JSON.parse(
  readFileSync(`${env.COMPAT_MODULES}/node_modules/@bitrix24/b24jssdk/package.json`, 'utf8')
)
const { oauth } = await control('/stats')
console.log(JSON.stringify({ version, users, saved, oauth }))
