// Tokens of OAUTHBEARER: from a command, a file, the environment, an endpoint; kept for as long as they live, and never told.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { kept, type TokenFlags, tokensOf } from '../../src/cli/oauth-token.ts'
import { expiryOf } from '../../src/local/event-source/kafka-oauth.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-tokens-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const SECRET = 'a secret/&?'
const client = async () => ({ id: 'shop', secret: SECRET })
const tokens = (flags: TokenFlags, variables: Record<string, string> = {}) => tokensOf(flags, variables, client)

describe('where a token comes from', () => {
  it('a command, which prints it', async () => {
    const ask = await tokens({ tokenCommand: `printf 'run\\n' >> ${folder}/runs; echo abc` })
    expect([await ask(), await ask()]).toEqual(['abc', 'abc'])
  })

  it('a command that fails is told without its words, where secrets may be', async () => {
    const ask = await tokens({ tokenCommand: `echo ${'s3cret'} >&2; exit 7` })
    const error = await ask().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'INVALID_OPTION' })
    expect(String(error)).toContain('--token-command: it failed (7)')
    expect(String(error)).not.toContain('s3cret')
  })

  it('a file, read each time', async () => {
    const file = join(folder, 'token')
    writeFileSync(file, 'one\n')
    const ask = await tokens({}, { KAFKA_TOKEN_FILE: file })
    expect(await ask()).toBe('one')
    writeFileSync(file, 'two\n')
    expect(await ask()).toBe('two')
    rmSync(file)
    await expect(ask()).rejects.toThrow(`--token-file ${file}: it cannot be read`)
  })

  it('the environment', async () => {
    expect(await (await tokens({}, { KAFKA_TOKEN: 'abc' }))()).toBe('abc')
  })

  it('a flag counts more than variables', async () => {
    expect(await (await tokens({ tokenCommand: 'echo flag' }, { KAFKA_TOKEN: 'abc' }))()).toBe('flag')
  })

  it('one place, and only one', async () => {
    await expect(tokens({})).rejects.toThrow('--sasl oauthbearer: where does the token come from? Name one of')
    await expect(tokens({ tokenCommand: 'a', tokenFile: 'b' })).rejects.toThrow('Name only one of')
  })
})

describe('an endpoint', () => {
  let server: Server
  let url: string
  let asked: { authorization: string | undefined; body: string }[]
  let answer: { status: number; body: unknown }
  beforeEach(async () => {
    asked = []
    server = createServer(async (request, response) => {
      let body = ''
      for await (const piece of request) body += piece
      asked.push({ authorization: request.headers.authorization, body })
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/token`
  })
  afterEach(() => new Promise((resolve) => server.close(resolve)))

  it('is asked with client credentials, once for as long as the token lives', async () => {
    answer = { status: 200, body: { access_token: 'abc', expires_in: 3600, token_type: 'Bearer' } }
    const ask = await tokens({ tokenEndpoint: url, tokenScope: 'kafka read' })
    expect([await ask(), await ask()]).toEqual(['abc', 'abc'])
    const credentials = Buffer.from(`shop:${encodeURIComponent(SECRET)}`).toString('base64')
    expect(asked).toEqual([
      { authorization: `Basic ${credentials}`, body: 'grant_type=client_credentials&scope=kafka+read' },
    ])
  })

  it('that refuses is told with its word, and without the secret', async () => {
    answer = { status: 401, body: { error: 'invalid_client', error_description: 'who are you?' } }
    const ask = await tokens({ tokenEndpoint: url })
    const error = await ask().catch((reason: unknown) => reason)
    expect(String(error)).toContain('gives client shop no token (401, invalid_client: who are you?)')
    expect(String(error)).not.toContain(SECRET)
  })

  it('that is not there', async () => {
    const ask = await tokens({ tokenEndpoint: 'http://127.0.0.1:1/token' })
    await expect(ask()).rejects.toThrow('--token-endpoint http://127.0.0.1:1/token: it does not answer')
  })
})

it('is asked for anew shortly before it ends, or each time when nobody knows its end', async () => {
  let [now, asked] = [0, 0]
  const lives = kept(
    async () => ({ token: String(++asked), until: now + 100_000 }),
    () => now,
  )
  expect([await lives(), await lives()]).toEqual(['1', '1'])
  now = 69_999
  expect(await lives()).toBe('1')
  now = 70_000
  expect(await lives()).toBe('2')
  const opaque = kept(async () => ({ token: String(++asked) }))
  expect([await opaque(), await opaque()]).toEqual(['3', '4'])
})

it('a JWT says when it ends, any other token does not', () => {
  const jwt = (claims: unknown): string => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`
  expect(expiryOf(jwt({ exp: 1_700_000_000 }))).toBe(1_700_000_000_000)
  for (const other of ['abc', 'a.b.c', '', jwt(null), jwt({ exp: 'never' })]) expect(expiryOf(other)).toBeUndefined()
})
