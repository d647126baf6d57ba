import { createHash, createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { SignatureV4 } from '@smithy/signature-v4'
import { afterEach, expect, it, vi } from 'vitest'
import { publishToSns, signed } from '../../../src/local/event-source/sns.ts'

afterEach(() => vi.unstubAllEnvs())

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }

it.each([undefined, 'a-token'])("signs as AWS' own library does, with the session token %s", async (sessionToken) => {
  const at = new Date('2015-08-30T12:36:00Z')
  const url = new URL('https://sns.us-east-1.amazonaws.com/')
  const body = 'Action=Publish&Message=%C3%A4'
  const own = signed({ url, region: 'us-east-1', service: 'sns', body, at }, { ...credentials, sessionToken })
  class Sha256 {
    readonly #hash
    constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
      const key =
        secret === undefined || typeof secret === 'string'
          ? secret
          : secret instanceof ArrayBuffer
            ? Buffer.from(secret)
            : Buffer.from(secret.buffer, secret.byteOffset, secret.byteLength)
      this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', key)
    }
    update(data: string | Uint8Array): void {
      this.#hash.update(data)
    }
    async digest(): Promise<Uint8Array> {
      return this.#hash.digest()
    }
    reset(): void {}
  }
  const signer = new SignatureV4({
    credentials: { ...credentials, ...(sessionToken !== undefined && { sessionToken }) },
    region: 'us-east-1',
    service: 'sns',
    sha256: Sha256,
    applyChecksum: false,
  })
  const { headers } = await signer.sign(
    {
      method: 'POST',
      protocol: 'https:',
      hostname: url.hostname,
      path: '/',
      headers: { host: url.host, 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      body,
    },
    { signingDate: at },
  )
  expect(own.authorization).toBe(headers.authorization)
})

it('posts a form, and takes only what SNS says for an answer', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'x')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'y')
  const seen: { headers: IncomingHttpHeaders; body: string }[] = []
  let [status, answer] = [200, '<PublishResult><MessageId>m</MessageId></PublishResult>']
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      seen.push({ headers: request.headers, body })
      response.writeHead(status).end(answer)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const address = server.address()
    const endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
    const topic = { region: 'us-east-1', arn: 'arn:aws:sns:us-east-1:123456789012:failed' }
    await publishToSns(topic, '{"a":"ä&b"}', { endpoint })
    expect(Object.fromEntries(new URLSearchParams(seen[0]?.body))).toEqual({
      Action: 'Publish',
      Version: '2010-03-31',
      TopicArn: topic.arn,
      Message: '{"a":"ä&b"}',
    })
    expect(seen[0]?.headers.authorization).toContain('/us-east-1/sns/aws4_request')
    ;[status, answer] = [403, '<Error><Message>not you</Message></Error>']
    await expect(publishToSns(topic, 'm', { endpoint })).rejects.toThrow('SNS answered 403: not you')
    ;[status, answer] = [200, '<html>log in</html>']
    await expect(publishToSns(topic, 'm', { endpoint })).rejects.toThrow('SNS answered 200')
  } finally {
    server.close()
  }
})
