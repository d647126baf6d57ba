// How each service says that it failed or that it is asked for too much, so that clients do what they do on AWS.

import type { IncomingHttpHeaders } from 'node:http'

export type ProxiedService = 'dynamodb' | 'sqs' | 's3'

/** DynamoDB and SQS name the operation in a header; S3 has methods and paths. */
export function serviceOf(headers: IncomingHttpHeaders): ProxiedService {
  const target = String(headers['x-amz-target'] ?? '')
  if (target.startsWith('DynamoDB_')) return 'dynamodb'
  return target.startsWith('AmazonSQS.') ? 'sqs' : 's3'
}

const WORDS = {
  dynamodb: {
    error: [500, 'com.amazonaws.dynamodb.v20120810#InternalServerError'],
    throttle: [400, 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException'],
  },
  sqs: {
    error: [500, 'com.amazonaws.sqs#InternalError'],
    throttle: [400, 'com.amazonaws.sqs#RequestThrottled'],
  },
  s3: {
    error: [500, 'InternalError'],
    throttle: [503, 'SlowDown'],
  },
} as const

/** An answer of the service without anything having been done. */
export function refusal(service: ProxiedService, kind: 'error' | 'throttle') {
  const [status, name] = WORDS[service][kind]
  const id = { 'x-amz-request-id': 'spoilt', 'x-amzn-requestid': 'spoilt' }
  if (service === 's3') {
    const xml = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${name}</Code><Message>spoilt by the proxy</Message></Error>`
    return { status, headers: { ...id, 'content-type': 'application/xml' }, body: Buffer.from(xml) }
  }
  const json = JSON.stringify({ __type: name, message: 'spoilt by the proxy' })
  return { status, headers: { ...id, 'content-type': 'application/x-amz-json-1.0' }, body: Buffer.from(json) }
}
