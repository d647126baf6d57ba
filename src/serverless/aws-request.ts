// One signed request to an AWS service for which this package has no client, and for one call needs none.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

import { createHash, createHmac } from 'node:crypto'
import type { Credentials } from './framework.ts'

/** Who asks, as the framework has it for the deployment. */
export interface Caller {
  readonly region: string
  readonly credentials: () => Promise<Credentials>
}

export interface AwsRequest {
  /** As signatures name it. */
  readonly service: string
  readonly method: 'GET' | 'POST'
  /** Of everything in it that is no slash, encoded once. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Where to: `https://kafka.eu-central-1.amazonaws.com`. */
  readonly endpoint: string
}

/** @returns the answer's JSON. @throws Error with the service's own words, or why there is no answer. */
export async function askAws(request: AwsRequest, caller: Caller, patienceMs: number): Promise<unknown> {
  const { endpoint, path, method, body } = request
  const query = queryOf(request)
  const headers = signed(request, caller.region, await caller.credentials(), new Date())
  const answer = await fetch(`${endpoint}${path}${query && `?${query}`}`, {
    ...{ method, headers, signal: AbortSignal.timeout(patienceMs) },
    ...(body !== undefined && { body }),
  })
  const text = await answer.text()
  if (answer.ok) return JSON.parse(text)
  throw new Error(`${answer.status} ${wordsOf(text)}`)
}

function wordsOf(text: string): string {
  try {
    const found: unknown = JSON.parse(text)
    const { message, Message, __type } = Object(found)
    return [__type, message ?? Message].filter((word) => typeof word === 'string').join(': ') || text.slice(0, 200)
  } catch {
    return text.slice(0, 200)
  }
}

/** The headers of a request with its signature. Pure. */
export function signed(
  request: AwsRequest,
  region: string,
  { accessKeyId, secretAccessKey, sessionToken }: Credentials,
  now: Date,
): Record<string, string> {
  const { service, method, path, endpoint, body = '' } = request
  const time = now.toISOString().replace(/[-:]|\.\d{3}/g, '')
  const day = time.slice(0, 8)
  const headers: Record<string, string> = {
    ...request.headers,
    host: new URL(endpoint).host,
    'x-amz-date': time,
    ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
  }
  const names = Object.keys(headers).sort()
  // Of what is in the path already encoded, every service but S3 wants each part encoded once more.
  const canonical = [
    ...[method, path.split('/').map(encoded).join('/'), queryOf(request)],
    ...names.map((name) => `${name}:${headers[name]}`),
    ...['', names.join(';'), sha256(body)],
  ].join('\n')
  const scope = `${day}/${region}/${service}/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')
  const key = [region, service, 'aws4_request'].reduce(hmac, hmac(`AWS4${secretAccessKey}`, day))
  const signature = hmac(key, toSign).toString('hex')
  const { host: _, ...sent } = headers
  return {
    ...sent,
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  }
}

function queryOf({ query = {} }: AwsRequest): string {
  return Object.entries(query)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .join('&')
}

/** As signatures want it: `encodeURIComponent` leaves five characters that they do not. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/** Where a service is: an emulator that the usual variables name, or AWS. @param partition of an ARN */
export function endpointOf(service: string, region: string, partition: string): string {
  const own = process.env[`AWS_ENDPOINT_URL_${service === 'kafka' ? 'KAFKA' : 'SECRETS_MANAGER'}`]
  const given = own || process.env.AWS_ENDPOINT_URL
  if (given) return given.replace(/\/$/, '')
  return `https://${service}.${region}.amazonaws.com${partition === 'aws-cn' ? '.cn' : ''}`
}
