// `millrace poller` without a deployed mapping: flags, a file, topics of a folder. test/integration/poller has it on Kafka and emulators.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { brokerOptions } from '../../src/cli/brokers.ts'
import { mappingFlags, ownMappings } from '../../src/cli/poller-mapping.ts'
import { FolderTopics } from '../../src/local/topics/folder-topics.ts'
import { until } from '../local/event-source/until.ts'
import { startNode } from '../support/node-process.ts'

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname
let folder = ''
beforeAll(async () => {
  vi.stubEnv('KAFKA_BROKERS', '')
  folder = await mkdtemp(join(tmpdir(), 'millrace-poller-'))
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

async function mappings(...args: string[]) {
  const command = mappingFlags(brokerOptions(new Command())).exitOverride()
  command.parse(args, { from: 'user' })
  return ownMappings(command.opts())
}

it('makes of flags what a request would be', async () => {
  const [mapping] =
    (await mappings(
      ...['--function', 'f', '--topic', 'a', '--topic', 'b', '--brokers', 'x:9092,y:9092', '--group', 'g'],
      ...[
        '--starting-position',
        '2026-01-31T12:00:00Z',
        '--batch-size',
        '7',
        '--batching-window',
        '0',
        '--retries',
        '3',
      ],
      ...['--max-age', '60', '--bisect', '--report-item-failures', '--on-failure', 'kafka://failed'],
      ...['--filter', '{"value":["a"]}', '--minimum-pollers', '2', '--maximum-pollers', '4'],
    )) ?? []
  expect(mapping).toMatchObject({
    functionName: 'f',
    eventSource: 'SelfManagedKafka',
    bootstrapServers: ['x:9092', 'y:9092'],
    topics: ['a', 'b'],
    consumerGroupId: 'g',
    startingPosition: { type: 'AT_TIMESTAMP', timestamp: Date.UTC(2026, 0, 31, 12) },
    batchSize: 7,
    maximumBatchingWindowMs: 0,
    maximumRetryAttempts: 3,
    maximumRecordAgeMs: 60_000,
    bisectOnError: true,
    reportBatchItemFailures: true,
    onFailureDestination: 'kafka://failed',
    filters: ['{"value":["a"]}'],
    provisioned: { minimum: 2, maximum: 4 },
  })
  const msk = [
    '--event-source-arn',
    'arn:aws:kafka:us-east-1:123456789012:cluster/c/1',
    '--starting-position',
    'latest',
  ]
  expect((await mappings('--function', 'f', '--topic', 't', '--brokers', 'x:9092', ...msk))?.[0]).toMatchObject({
    eventSource: 'aws:kafka',
    startingPosition: { type: 'LATEST' },
  })
})

it('takes those of a file, of one function when it is named', async () => {
  const file = join(folder, 'mappings.json')
  const of = (FunctionName: string) => ({ FunctionName, Topics: ['t'], StartingPosition: 'TRIM_HORIZON' })
  await writeFile(file, JSON.stringify([of('f'), of('arn:aws:lambda:eu-west-1:1:function:g')]))
  expect(await mappings('--mapping', file, '--brokers', 'x:9092')).toHaveLength(2)
  expect(await mappings('--mapping', file, '--brokers', 'x:9092', '--function', 'g')).toHaveLength(1)
  expect(await mappings()).toBeUndefined()
})

it.each([
  ['which function is invoked?', ['--topic', 't', '--brokers', 'x:9092']],
  ['--batch-size is of a mapping that --topic begins', ['--batch-size', '7']],
  ['name one of them', ['--topic', 't', '--function', 'f', '--mapping', 'm.json']],
  ['it is no file of JSON', ['--mapping', '/nowhere']],
  ['in provisioned mode only', ['--topic', 't', '--function', 'f', '--brokers', 'x:9092', '--bisect']],
  ['which cluster?', ['--topic', 't', '--function', 'f']],
])('refuses: %s', async (message, args) => {
  await expect(mappings(...args)).rejects.toThrow(message)
})

it('polls topics of a folder for any function behind an endpoint, as a process', async () => {
  const topics = new FolderTopics(folder)
  topics.create('orders', { partitions: 1 })
  for (const value of ['a', 'b', 'c']) topics.append([{ topic: 'orders', value }])
  const events: string[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      events.push(body)
      response.end('null')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  const poller = startNode(
    [
      ...['--conditions=millrace-source', MAIN, 'poller', '--dir', folder, '--endpoint', endpoint, '--function', 'f'],
      ...[
        '--topic',
        'orders',
        '--group',
        'g',
        '--batching-window',
        '0',
        '--filter',
        '{"value":[{"anything-but":["b"]}]}',
      ],
    ],
    { env: { ...process.env, AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' } },
  )
  try {
    await until('committed', () => topics.committed('g', { topic: 'orders', partition: 0 }) === 3)
    const records = events.flatMap((event) => JSON.parse(event).records['orders-0'])
    expect(records).toMatchObject([{ value: 'YQ==' }, { value: 'Yw==' }])
  } finally {
    poller.kill('SIGKILL')
    server.close()
    topics.close()
  }
})
