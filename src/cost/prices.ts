// What AWS asks for, in US dollars, each price with where it was read and when. This is the only file that knows a price. A region that has
// none of its own is taken to cost what us-east-1 costs, and whoever uses it is told so.

/** One price, and where it was read. */
export interface Price {
  readonly dollars: number
  readonly source: string
  /** As of when it stood there; `undated`: the copy that was read does not say. Look before you rely on it. */
  readonly read: string
}

export type Architecture = 'arm64' | 'x86_64'

/** What is paid for. */
export const ITEMS = [
  'lambda.request',
  'lambda.gbSecond.arm64',
  'lambda.gbSecond.x86_64',
  'lambda.pollerUnitHour',
  'lambda.durableOperation',
  'lambda.durableGbWritten',
  'lambda.durableGbMonth',
  'lambda.managedInstanceHour',
  'dynamodb.writeUnit',
  'dynamodb.readUnit',
  'dynamodb.gbMonth',
  'dynamodb.recoveryGbMonth',
  's3.put',
  's3.get',
  's3.gbMonth',
  'sqs.request',
  'logs.gb',
  'flink.kpuHour',
  'flink.gbMonth',
] as const
export type Item = (typeof ITEMS)[number]

const LAMBDA = 'https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AWSLambda/current/us-east-1/index.json'
// Read in copies of the price list and of the pages that others have published, dated as below (decision 086).
const at = (dollars: number, source: string, read = 'undated'): Price => ({ dollars, source, read })
const OF_LAMBDA = '2026-09-28'
const OF_FRANKFURT = '2026-09-11'
const million = (dollars: number, source: string, read?: string): Price => at(dollars / 1e6, source, read)
const thousand = (dollars: number, source: string, read?: string): Price => at(dollars / 1e3, source, read)

const US_EAST_1: Readonly<Record<Item, Price>> = {
  // First tier: up to 7.5 (arm64) and 6 (x86) thousand million GB-s a month.
  'lambda.request': million(0.2, LAMBDA, OF_LAMBDA),
  'lambda.gbSecond.arm64': at(0.0000133334, LAMBDA, OF_LAMBDA),
  'lambda.gbSecond.x86_64': at(0.0000166667, LAMBDA, OF_LAMBDA),
  'lambda.pollerUnitHour': at(0.185, LAMBDA, OF_LAMBDA),
  'lambda.durableOperation': million(8, LAMBDA, OF_LAMBDA),
  'lambda.durableGbWritten': at(0.25, LAMBDA, OF_LAMBDA),
  'lambda.durableGbMonth': at(0.15, LAMBDA, OF_LAMBDA),
  // c7g.xlarge (4 vCPU, 8 GB): $0.145 of EC2 and 15 % on top of it.
  'lambda.managedInstanceHour': at(0.16675, LAMBDA, OF_LAMBDA),
  // On demand, since November 2024.
  'dynamodb.writeUnit': million(0.625, 'https://aws.amazon.com/dynamodb/pricing/on-demand/', '2025-07'),
  'dynamodb.readUnit': million(0.125, 'https://aws.amazon.com/dynamodb/pricing/on-demand/', '2025-07'),
  'dynamodb.gbMonth': at(0.25, 'https://aws.amazon.com/dynamodb/pricing/on-demand/', '2025-07'),
  'dynamodb.recoveryGbMonth': at(0.2, 'https://aws.amazon.com/dynamodb/pricing/on-demand/', '2025-07'),
  's3.put': thousand(0.005, 'https://aws.amazon.com/s3/pricing/'),
  's3.get': thousand(0.0004, 'https://aws.amazon.com/s3/pricing/'),
  's3.gbMonth': at(0.023, 'https://aws.amazon.com/s3/pricing/'),
  'sqs.request': million(0.4, 'https://aws.amazon.com/sqs/pricing/'),
  'logs.gb': at(0.5, 'https://aws.amazon.com/cloudwatch/pricing/'),
  'flink.kpuHour': at(0.11, 'https://aws.amazon.com/managed-service-apache-flink/pricing/'),
  'flink.gbMonth': at(0.1, 'https://aws.amazon.com/managed-service-apache-flink/pricing/'),
}

const offer = (service: string, region: string): string =>
  `https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/${service}/current/${region}/index.json`

/** Lambda and SQS cost the same in all of these; what differs stands here. */
const ALIKE: Partial<Record<Item, Price>> = {
  'lambda.request': US_EAST_1['lambda.request'],
  'lambda.gbSecond.arm64': US_EAST_1['lambda.gbSecond.arm64'],
  'lambda.gbSecond.x86_64': US_EAST_1['lambda.gbSecond.x86_64'],
  'sqs.request': US_EAST_1['sqs.request'],
}

const BY_REGION: ReadonlyMap<string, Readonly<Partial<Record<Item, Price>>>> = new Map([
  ['us-east-1', US_EAST_1],
  [
    'eu-west-1',
    {
      ...ALIKE,
      'dynamodb.writeUnit': million(0.705, offer('AmazonDynamoDB', 'eu-west-1')),
      'dynamodb.readUnit': million(0.1415, offer('AmazonDynamoDB', 'eu-west-1')),
      'dynamodb.gbMonth': at(0.283, offer('AmazonDynamoDB', 'eu-west-1')),
      'dynamodb.recoveryGbMonth': at(0.22, offer('AmazonDynamoDB', 'eu-west-1')),
      's3.put': US_EAST_1['s3.put'],
      's3.get': US_EAST_1['s3.get'],
      's3.gbMonth': US_EAST_1['s3.gbMonth'],
    },
  ],
  [
    'eu-central-1',
    {
      ...ALIKE,
      'dynamodb.writeUnit': million(0.7625, offer('AmazonDynamoDB', 'eu-central-1'), OF_FRANKFURT),
      'dynamodb.readUnit': million(0.1525, offer('AmazonDynamoDB', 'eu-central-1'), OF_FRANKFURT),
      'dynamodb.gbMonth': at(0.306, offer('AmazonDynamoDB', 'eu-central-1'), OF_FRANKFURT),
      'dynamodb.recoveryGbMonth': at(0.2448, offer('AmazonDynamoDB', 'eu-central-1'), OF_FRANKFURT),
      's3.put': thousand(0.0054, offer('AmazonS3', 'eu-central-1')),
      's3.get': thousand(0.00043, offer('AmazonS3', 'eu-central-1')),
      's3.gbMonth': at(0.0245, offer('AmazonS3', 'eu-central-1')),
      'logs.gb': at(0.63, offer('AmazonCloudWatch', 'eu-central-1'), OF_FRANKFURT),
    },
  ],
])

export const REGIONS: readonly string[] = [...BY_REGION.keys()]

/** A region's own, or else that of us-east-1. */
export function priceOf(item: Item, region: string): Price & { readonly assumed: boolean } {
  const own = BY_REGION.get(region)?.[item]
  return { ...(own ?? US_EAST_1[item]), assumed: own === undefined }
}
