import { expect, test } from 'vitest'
import { ServiceUnreachableError } from '../../src/errors/service-errors.ts'
import { serviceError } from '../../src/stores/service-errors.ts'

const timeout = Object.assign(new Error('timed out'), { name: 'TimeoutError', code: 'ETIMEDOUT' })

test.each([
  ['sqs', 'an interface endpoint (PrivateLink) for SQS'],
  ['lambda', 'an interface endpoint (PrivateLink) for Lambda'],
  ['dynamodb', 'a gateway endpoint for DynamoDB'],
  ['s3', 'a gateway endpoint for S3'],
] as const)('%s out of reach of a VPC takes %s', (service, endpoint) => {
  const error = serviceError({ service, operation: 'Any', target: 'it', action: 'any:Any', cause: timeout })
  expect(error).toBeInstanceOf(ServiceUnreachableError)
  expect(error.message).toContain(endpoint)
})
