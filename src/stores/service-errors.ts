// Turns what the AWS SDK throws into errors that name the table or object, say what is wrong in one of six ways, and what
// to do next. errors/service-errors.ts has a class for each way.

import { describeCause, ServiceError } from '../errors/errors.ts'
import {
  ServiceFailedError,
  ServiceForbiddenError,
  ServiceForeignAnswerError,
  ServiceMissingError,
  ServiceThrottledError,
  ServiceUnreachableError,
} from '../errors/service-errors.ts'
import { field } from './answers.ts'

/** What was tried, on what, and how it ended. */
export interface ServiceTrouble {
  readonly service: keyof typeof SERVICES
  /** The API call, as AWS names it: `PutItem`. */
  readonly operation: string
  /** What it was about: `table millrace`, `s3://results/part-0`. */
  readonly target: string
  /** The IAM action or actions that it needs: `dynamodb:PutItem`. */
  readonly action: string
  readonly cause: unknown
}

type Kind = 'missing' | 'forbidden' | 'throttled' | 'unreachable' | 'foreign' | 'failed'

const CLASSES = {
  missing: ServiceMissingError,
  forbidden: ServiceForbiddenError,
  throttled: ServiceThrottledError,
  unreachable: ServiceUnreachableError,
  foreign: ServiceForeignAnswerError,
  failed: ServiceFailedError,
} as const

/** Gateway endpoints exist for S3 and DynamoDB alone: https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html */
const SERVICES = {
  dynamodb: {
    title: 'DynamoDB',
    codes: {
      missing: 'TABLE_MISSING',
      forbidden: 'TABLE_FORBIDDEN',
      throttled: 'DYNAMODB_THROTTLED',
      unreachable: 'DYNAMODB_UNREACHABLE',
      foreign: 'DYNAMODB_FOREIGN_ANSWER',
      failed: 'DYNAMODB_FAILED',
    },
    endpoint: 'AWS_ENDPOINT_URL_DYNAMODB',
    endpointKind: 'a gateway endpoint',
    missing: 'Deploy the job, which creates the table, or check the name of the table (MILLRACE_TABLE)',
    throttled:
      'switch the table to on-demand, raise its capacity, or look in CloudWatch (WriteThrottleEvents) for a limit of the account',
  },
  s3: {
    title: 'S3',
    codes: {
      missing: 'BUCKET_MISSING',
      forbidden: 'BUCKET_FORBIDDEN',
      throttled: 'S3_THROTTLED',
      unreachable: 'S3_UNREACHABLE',
      foreign: 'S3_FOREIGN_ANSWER',
      failed: 'S3_FAILED',
    },
    endpoint: 'AWS_ENDPOINT_URL_S3',
    endpointKind: 'a gateway endpoint',
    missing: 'Create the bucket, or check its name in the job, in MILLRACE_BUCKET and in what was deployed',
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html: per prefix, 3,500 writes a second.
    throttled:
      'write fewer and larger objects (a longer batch interval, fewer partitions), or spread them over prefixes',
  },
  sqs: {
    title: 'SQS',
    codes: {
      missing: 'QUEUE_MISSING',
      forbidden: 'QUEUE_FORBIDDEN',
      throttled: 'SQS_THROTTLED',
      unreachable: 'SQS_UNREACHABLE',
      foreign: 'SQS_FOREIGN_ANSWER',
      failed: 'SQS_FAILED',
    },
    endpoint: 'AWS_ENDPOINT_URL_SQS',
    endpointKind: 'an interface endpoint (PrivateLink)',
    missing: 'Deploy the job, which creates the queue of wake-ups, or check MILLRACE_WAKE_QUEUE_URL',
    throttled: 'look in CloudWatch for what else sends to the queue',
  },
  lambda: {
    title: 'Lambda',
    codes: {
      missing: 'FUNCTION_MISSING',
      forbidden: 'FUNCTION_FORBIDDEN',
      throttled: 'LAMBDA_THROTTLED',
      unreachable: 'LAMBDA_UNREACHABLE',
      foreign: 'LAMBDA_FOREIGN_ANSWER',
      failed: 'LAMBDA_FAILED',
    },
    endpoint: 'AWS_ENDPOINT_URL_LAMBDA',
    endpointKind: 'an interface endpoint (PrivateLink)',
    missing: 'Deploy the function, or check its name',
    throttled: 'look at the concurrency of the account and of the function',
  },
} as const

/** Maps an error of the AWS SDK; one that has been mapped already goes through as it is. */
export function serviceError(trouble: ServiceTrouble): ServiceError {
  const { service, operation, target, action, cause } = trouble
  if (cause instanceof ServiceError) return cause
  const reply = replyOf(cause)
  const kind = kindOf(service, reply)
  const message = `${SERVICES[service].title} ${operation} on ${target} ${happened(kind)} (${inWords(reply, cause)}). ${remedy(kind, trouble, reply)}`
  return new CLASSES[kind](
    SERVICES[service].codes[kind],
    service,
    operation,
    message,
    { target, action, ...reply },
    cause,
  )
}

function happened(kind: Kind): string {
  switch (kind) {
    case 'missing':
      return 'found that it does not exist'
    case 'forbidden':
      return 'was not allowed'
    case 'throttled':
      return 'was throttled'
    case 'unreachable':
      return 'got no answer'
    case 'foreign':
      return 'was answered by something else'
    case 'failed':
      return 'failed'
  }
}

const REDELIVERED = 'Nothing is lost, the event source delivers the batch again.'

function remedy(kind: Kind, { service, action }: ServiceTrouble, { name, status = 0 }: Reply): string {
  const { title, endpoint, endpointKind, missing, throttled } = SERVICES[service]
  switch (kind) {
    case 'missing':
      return `${missing}, the region, and AWS_ENDPOINT_URL.`
    case 'forbidden':
      return CREDENTIAL_ERRORS.has(name)
        ? 'The credentials are missing, expired or made for somewhere else: check the role of the function, or AWS_PROFILE, AWS_ACCESS_KEY_ID and the clock of this machine.'
        : `Allow ${action} on it to the role of the function (the plugin millrace/serverless does), and look for a policy of the resource, the key or the organisation that denies it.`
    case 'throttled':
      return `${REDELIVERED} If it lasts: ${throttled}.`
    case 'unreachable':
      return `Check that the endpoint is up (region, AWS_ENDPOINT_URL, ${endpoint}) and that the network reaches it: in a VPC without NAT that takes ${endpointKind} for ${title}.`
    case 'foreign':
      return `Something answers in place of ${title}, or changes what it says: look at the endpoint (AWS_ENDPOINT_URL, ${endpoint}), HTTPS_PROXY, and for a proxy or a login page on the way. ${REDELIVERED}`
    case 'failed':
      return status >= 500
        ? `The service itself is in trouble. ${REDELIVERED}`
        : 'Check the region (AWS_REGION) and the endpoint (AWS_ENDPOINT_URL); if they are right, please report this as a bug of Millrace.'
  }
}

const MISSING_ERRORS = new Set(['ResourceNotFoundException', 'NoSuchBucket'])

const CREDENTIAL_ERRORS = new Set([
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'RequestExpired',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
])

const THROTTLING_ERRORS = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled', // SQS
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
])

const NETWORK_CODES = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
])

function kindOf(service: keyof typeof SERVICES, { name, status, code }: Reply): Kind {
  if (MISSING_ERRORS.has(name)) return 'missing'
  if (CREDENTIAL_ERRORS.has(name) || name.startsWith('AccessDenied') || status === 403) return 'forbidden'
  if (THROTTLING_ERRORS.has(name) || status === 429) return 'throttled'
  // S3 says "slow down" with 503 also where there is no body to say so in (HEAD).
  if (service === 's3' && status === 503) return 'throttled'
  if (status === undefined && (name === 'TimeoutError' || (code !== undefined && NETWORK_CODES.has(code))))
    return 'unreachable'
  if (status !== undefined && status >= 200 && status < 300) return 'foreign'
  return 'failed'
}

/** What an error of the SDK tells about the service's answer. */
interface Reply {
  readonly name: string
  readonly status?: number
  /** Of Node's network errors. */
  readonly code?: string
  readonly requestId?: string
  readonly attempts?: number
}

// The SDK's errors come from several copies of its packages, so they are read by shape and not by class.
function replyOf(cause: unknown): Reply {
  const metadata = field(cause, '$metadata')
  const status = field(metadata, 'httpStatusCode')
  const code = field(cause, 'code')
  const requestId = field(metadata, 'requestId')
  const attempts = field(metadata, 'attempts')
  return {
    name: cause instanceof Error ? cause.name : typeof cause,
    ...(typeof status === 'number' && { status }),
    ...(typeof code === 'string' && { code }),
    ...(typeof requestId === 'string' && { requestId }),
    ...(typeof attempts === 'number' && { attempts }),
  }
}

function inWords({ status, requestId, attempts = 1 }: Reply, cause: unknown): string {
  return [
    describeCause(cause),
    status === undefined ? '' : `HTTP ${status}`,
    requestId === undefined ? '' : `request ${requestId}`,
    attempts > 1 ? `after ${attempts} attempts` : '',
  ]
    .filter((part) => part !== '')
    .join(', ')
}
