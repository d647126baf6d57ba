// What a job uses in a month, by what is paid for, and what that costs.

import { type Item, type Price, priceOf } from './prices.ts'

/** DynamoDB's and Lambda's month. */
export const HOURS_PER_MONTH = 730
export const SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600

/** So much of it in a month. */
export type Usage = Readonly<Partial<Record<Item, number>>>

export interface Line {
  readonly item: Item
  readonly amount: number
  readonly dollars: number
  readonly price: Price
}

export interface Bill {
  readonly lines: readonly Line[]
  readonly dollars: number
  /** Items whose price is not the region's own. */
  readonly assumed: readonly Item[]
}

/** What that comes to in a region, free tiers not counted: they are of the account, which has other functions. */
export function billOf(usage: Usage, region: string): Bill {
  const items = Object.entries(usage).flatMap(([item, amount]) =>
    isItem(item) && amount > 0 ? [{ item, amount }] : [],
  )
  const lines = items.map(({ item, amount }) => {
    const price = priceOf(item, region)
    return { item, amount, dollars: amount * price.dollars, price }
  })
  return {
    lines,
    dollars: lines.reduce((sum, { dollars }) => sum + dollars, 0),
    assumed: items.flatMap(({ item }) => (priceOf(item, region).assumed ? [item] : [])),
  }
}

const WORDS: Readonly<Record<Item, string>> = {
  'lambda.request': 'Lambda invocations',
  'lambda.gbSecond.arm64': 'Lambda GB-seconds (arm64)',
  'lambda.gbSecond.x86_64': 'Lambda GB-seconds (x86)',
  'lambda.pollerUnitHour': 'event poller unit hours',
  'lambda.durableOperation': 'durable operations',
  'lambda.durableGbWritten': 'GB written by durable functions',
  'lambda.durableGbMonth': 'GB kept by durable functions',
  'lambda.managedInstanceHour': 'managed instance hours',
  'dynamodb.writeUnit': 'DynamoDB write units',
  'dynamodb.readUnit': 'DynamoDB read units',
  'dynamodb.gbMonth': 'DynamoDB GB kept',
  'dynamodb.recoveryGbMonth': 'point-in-time recovery, GB',
  's3.put': 'S3 PUT requests',
  's3.get': 'S3 GET requests',
  's3.gbMonth': 'S3 GB kept (of one month)',
  'sqs.request': 'SQS requests',
  'logs.gb': 'CloudWatch Logs, GB',
  'flink.kpuHour': 'KPU hours',
  'flink.gbMonth': 'running storage, GB',
}

const isItem = (name: string): name is Item => Object.hasOwn(WORDS, name)

/** What people call it. */
export const itemInWords = (item: Item): string => WORDS[item]
