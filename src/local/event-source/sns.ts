// One request of SNS, signed by hand: its client would be a package for the sake of a destination that few mappings name.
// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html

import { createHash, createHmac } from 'node:crypto'
import { SQSClient } from '@aws-sdk/client-sqs'

export interface AwsEndpoint {
  /** Of an emulator; default: `AWS_ENDPOINT_URL`, or AWS. */
  readonly endpoint?: string
}

export interface Topic {
  readonly region: string
  readonly arn: string
}

/** @throws Error with what SNS says */
export async function publishToSns({ region, arn }: Topic, message: string, { endpoint }: AwsEndpoint): Promise<void> {
  const base =
    endpoint ??
    process.env.AWS_ENDPOINT_URL_SNS ??
    process.env.AWS_ENDPOINT_URL ??
    `https://sns.${region}.amazonaws.com`
  const url = new URL('/', base)
  const body = new URLSearchParams({
    Action: 'Publish',
    Version: '2010-03-31',
    TopicArn: arn,
    Message: message,
  }).toString()
  const headers = signed({ url, region, service: 'sns', body, at: new Date() }, await credentialsOf(region))
  const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(10_000) })
  const answer = await response.text()
  // A status of 200 is not yet an answer of SNS.
  if (!response.ok || !answer.includes('<MessageId>'))
    throw new Error(`SNS answered ${response.status}: ${/<Message>([^<]*)/.exec(answer)?.[1] ?? answer.slice(0, 200)}`)
}

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

/** As every client of AWS finds them: environment, profiles, roles. */
async function credentialsOf(region: string): Promise<Credentials> {
  const client = new SQSClient({ region })
  try {
    return await client.config.credentials()
  } finally {
    client.destroy()
  }
}

export interface Request {
  readonly url: URL
  readonly region: string
  readonly service: string
  readonly body: string
  readonly at: Date
}

/** The headers of a form that is posted. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
export function signed({ url, region, service, body, at }: Request, credentials: Credentials): Record<string, string> {
  const time = at.toISOString().replace(/[-:]|\.\d{3}/g, '')
  const token = credentials.sessionToken
  const headers: Record<string, string> = {
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    host: url.host,
    'x-amz-date': time,
    ...(token !== undefined && { 'x-amz-security-token': token }),
  }
  const names = Object.keys(headers).sort()
  const list = names.join(';')
  const canonical = [
    'POST',
    url.pathname,
    '',
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    list,
    sha256(body),
  ]
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`
  const text = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical.join('\n'))].join('\n')
  const key = scope
    .split('/')
    .reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${credentials.secretAccessKey}`)
  const signature = hmac(key, text).toString('hex')
  const { host: _, ...sent } = headers
  const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${list}, Signature=${signature}`
  return { ...sent, authorization }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()
