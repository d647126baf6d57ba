// An endpoint on loopback that answers what it is told to, for what emulators never do: deny, throttle, die.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'

export interface FakeRequest {
  /** `PUT /results/part-0?uploadId=7`, of DynamoDB `PutItem`. */
  readonly call: string
  /** From 0 up, over all requests. */
  readonly number: number
}

export interface FakeAnswer {
  readonly status: number
  readonly body?: string
  /** Close the connection after so many bytes of the body. */
  readonly cutAt?: number
  readonly headers?: Record<string, string>
}

/** Takes the request and closes the connection without an answer. */
export const HANG_UP = 'hang up'
/** Takes the request and never answers. */
export const SILENCE = 'silence'

export interface FakeService {
  readonly endpoint: string
  readonly calls: string[]
  stop(): Promise<void>
}

export async function fakeService(
  answer: (request: FakeRequest) => FakeAnswer | typeof HANG_UP | typeof SILENCE,
): Promise<FakeService> {
  const calls: string[] = []
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      const target = request.headers['x-amz-target']
      const call = typeof target === 'string' ? (target.split('.')[1] ?? '') : `${request.method} ${request.url}`
      const answered = answer({ call, number: calls.push(call) - 1 })
      if (answered === HANG_UP) request.socket.destroy()
      else if (answered === SILENCE) return
      else if (answered.cutAt === undefined) response.writeHead(answered.status, answered.headers).end(answered.body)
      else {
        const { status, headers, body = '', cutAt } = answered
        response.writeHead(status, { 'content-length': body.length, ...headers })
        response.write(body.slice(0, cutAt), () => request.socket.destroy())
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the fake service has no port')
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    calls,
    stop: async () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** An endpoint where nobody listens. */
export async function nobody(): Promise<string> {
  const service = await fakeService(() => ({ status: 200 }))
  await service.stop()
  return service.endpoint
}

export const dynamoOk = (body: object = {}): FakeAnswer => ({
  status: 200,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: JSON.stringify(body),
})

export const dynamoError = (name: string, status = 400): FakeAnswer => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'REQ1' },
  body: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: `fake ${name}` }),
})

export const s3Ok = (body = '', headers: Record<string, string> = {}): FakeAnswer => ({ status: 200, body, headers })

/** Success with the ETag that S3 gives an object of these bytes. */
export const s3Tagged = (bytes: string | Uint8Array, body = '', headers: Record<string, string> = {}): FakeAnswer =>
  s3Ok(body, { etag: `"${createHash('md5').update(bytes).digest('hex')}"`, ...headers })

export const s3Error = (name: string, status: number): FakeAnswer => ({
  status,
  headers: { 'content-type': 'application/xml', 'x-amz-request-id': 'REQ2' },
  body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${name}</Code><Message>fake ${name}</Message></Error>`,
})
