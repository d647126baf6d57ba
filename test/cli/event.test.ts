// `millrace event`: what it makes is what AWS documents, and what a job's own handler takes.
// https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html, with-kafka.html (sample events)

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseEvent } from '../../src/lambda/parse-event.ts'
import { KAFKA } from '../../src/sources/kafka/kind.ts'
import type { NodeProcess } from '../support/node-process.ts'
import { inProcess } from './in-process.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-event-'))
  await writeFile(join(folder, 'lines'), 'a\nb\n')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const millrace = (...args: string[]): Promise<NodeProcess> =>
  inProcess(args, { MILLRACE_DIR: join(folder, 'store'), KAFKA_BROKERS: '' })

async function event(...args: string[]) {
  const { code, stdout, stderr } = await millrace('event', '--kafka', ...args)
  expect(stderr).toMatch(/^an event of \d+ records?, \d+ bytes\n$/)
  expect(code).toBe(0)
  return JSON.parse(stdout)
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

it('makes an event of MSK, field by field as AWS shows it', async () => {
  const arn = 'arn:aws:kafka:sa-east-1:123456789012:cluster/vpc-2priv-2pub/751d2973'
  const made = await event(
    'mytopic',
    ...['--event-source-arn', arn, '--bootstrap-servers', 'b-2.demo:9092,b-1.demo:9092'],
    ...['--value', 'Hello, this is a test.', '--key', 'recordKey', '--header', 'headerKey=headerValue'],
    ...['--first-offset', '15', '--timestamp', '1545084650987'],
  )
  expect(made).toEqual({
    eventSource: 'aws:kafka',
    eventSourceArn: arn,
    bootstrapServers: 'b-2.demo:9092,b-1.demo:9092',
    records: {
      'mytopic-0': [
        {
          topic: 'mytopic',
          partition: 0,
          offset: 15,
          timestamp: 1_545_084_650_987,
          timestampType: 'CREATE_TIME',
          key: base64('recordKey'),
          value: 'SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==',
          headers: [{ headerKey: [104, 101, 97, 100, 101, 114, 86, 97, 108, 117, 101] }],
        },
      ],
    },
  })
})

it('makes an event of brokers elsewhere, without a cluster', async () => {
  const made = await event('t', '--value', 'a')
  expect(made).toMatchObject({ eventSource: 'SelfManagedKafka', bootstrapServers: 'localhost:9092' })
  expect(made).not.toHaveProperty('eventSourceArn')
  expect(await event('t', '--shape', 'msk', '--value', 'a')).toMatchObject({
    eventSource: 'aws:kafka',
    eventSourceArn: expect.stringMatching(/^arn:aws:kafka:/),
  })
})

it.each(['msk', 'self-managed'])("is what a job's handler takes: %s", async (shape) => {
  const made = await event(
    't',
    '--shape',
    shape,
    '--value',
    'a',
    '--value',
    'b',
    '--header',
    'h=ü',
    '--partition',
    '0,1',
  )
  const [invocation] = parseEvent(made, [KAFKA])
  expect(invocation).toMatchObject({ kind: 'records' })
  const deliveries = invocation?.kind === 'records' ? invocation.deliveries : []
  expect(deliveries).toHaveLength(2)
})

describe('records', () => {
  it('of a file, in turn over partitions, each with offsets of its own, as often as asked for', async () => {
    const made = await event('t', '--file', join(folder, 'lines'), '-n', '5', '--partition', '0,2')
    expect(Object.keys(made.records)).toEqual(['t-0', 't-2'])
    expect(made.records['t-0'].map((r: { offset: number; value: string }) => [r.offset, r.value])).toEqual([
      [0, base64('a')],
      [1, base64('a')],
      [2, base64('a')],
    ])
    expect(made.records['t-2'].map((r: { offset: number; value: string }) => [r.offset, r.value])).toEqual([
      [0, base64('b')],
      [1, base64('b')],
    ])
  })

  it('of ndjson, with all that a record has', async () => {
    const line = JSON.stringify({ key: 'k', value: { a: 1 }, headers: { h: 'x' }, timestamp: 7, partition: 3 })
    const tombstone = JSON.stringify({ key: 'k', value: null })
    const made = await event('t', '--format', 'json', '--value', line, '--value', tombstone)
    expect(made.records['t-3']).toMatchObject([
      { key: base64('k'), value: base64('{"a":1}'), timestamp: 7, partition: 3, headers: [{ h: [120] }] },
    ])
    expect(made.records['t-0'][0]).not.toHaveProperty('value')
  })

  it('of a topic, from where and as many as said, as they are there', async () => {
    await millrace('topics', 'create', 'there', '--partitions', '2')
    for (const [value, partition] of ['a', 'b', 'c', 'd'].map((value, i) => [value, String(i % 2)] as const))
      await millrace('produce', 'there', '--value', value, '--key', 'k', '--partition', partition)
    const all = await event('there')
    expect(all.records).toMatchObject({
      'there-0': [
        { offset: 0, value: base64('a'), key: base64('k') },
        { offset: 1, value: base64('c') },
      ],
      'there-1': [
        { offset: 0, value: base64('b') },
        { offset: 1, value: base64('d') },
      ],
    })
    const last = await event('there', '--offset', '-1', '--partition', '1')
    expect(last.records).toMatchObject({ 'there-1': [{ offset: 1, value: base64('d') }] })
    expect(last.records).not.toHaveProperty('there-0')
    expect(Object.values((await event('there', '-n', '1')).records).flat()).toHaveLength(1)
  })

  it('of a JSON Schema, the same for the same seed, as the schema says', async () => {
    const schema = {
      type: 'object',
      properties: {
        id: { type: 'string', format: 'uuid' },
        amount: { type: 'number', minimum: 1, maximum: 5, multipleOf: 0.25 },
        country: { enum: ['NO', 'SE'] },
        at: { type: 'string', format: 'date-time' },
        lines: { type: 'array', items: { $ref: '#/$defs/line' }, minItems: 2, maxItems: 2 },
      },
      $defs: { line: { type: 'object', properties: { count: { type: 'integer', exclusiveMinimum: 0, maximum: 3 } } } },
    }
    await writeFile(join(folder, 'schema'), JSON.stringify(schema))
    const values = async (seed: string) =>
      (await event('t', '--schema', join(folder, 'schema'), '-n', '20', '--seed', seed)).records['t-0'].map(
        ({ value }: { value: string }) => JSON.parse(Buffer.from(value, 'base64').toString()),
      )
    const made = await values('1')
    expect(await values('1')).toEqual(made)
    expect(await values('2')).not.toEqual(made)
    for (const { id, amount, country, at, lines } of made) {
      expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/)
      expect(amount % 0.25).toBe(0)
      expect(amount).toBeGreaterThanOrEqual(1)
      expect(amount).toBeLessThanOrEqual(5)
      expect(['NO', 'SE']).toContain(country)
      expect(new Date(at).toISOString()).toBe(at)
      for (const { count } of lines) expect([1, 2, 3]).toContain(count)
      expect(lines).toHaveLength(2)
    }
  })
})

it.each([
  ['of a topic', ['t', '--value', 'a', '--offset', 'start'], 2, '--offset is of records of a topic'],
  ['two sources', ['t', '--value', 'a', '--schema', 's'], 2, 'records come from one of them'],
  [
    'an ARN of no MSK',
    ['t', '--value', 'a', '--shape', 'self-managed', '--event-source-arn', 'a'],
    2,
    'of --shape msk',
  ],
  ['no such file', ['t', '--file', '/nowhere'], 2, 'cannot be read'],
  ['too much', ['t', '--value', 'x'.repeat(5_000_000)], 2, 'and Lambda takes 6291456'],
  ['a header without a name', ['t', '--value', 'a', '--header', '=x'], 2, 'name=value'],
  ['an unknown shape', ['t', '--value', 'a', '--shape', 'mks'], 2, 'msk'],
])('refuses: %s', async (_, args, code, message) => {
  const refused = await millrace('event', '--kafka', ...args)
  expect(refused).toMatchObject({ code, stdout: '' })
  expect(refused.stderr).toContain(message)
})

it.each([
  ['"type" is "text"', { type: 'text' }],
  ["unknown option 'pattern'", { type: 'string', pattern: '^a' }],
  ['goes deeper', { $ref: '#' }],
  ['is not in the schema', { $ref: 'other.json' }],
  ['no number between', { type: 'integer', exclusiveMinimum: 1, exclusiveMaximum: 2 }],
  ['the format "duration"', { type: 'string', format: 'duration' }],
])('refuses a schema: %s', async (message, schema) => {
  await writeFile(join(folder, 'bad'), JSON.stringify(schema))
  const refused = await millrace('event', 't', '--schema', join(folder, 'bad'))
  expect(refused.stderr).toContain(message)
  expect(refused.code).toBe(2)
})

it('prints its schema, and over several lines', async () => {
  const schema = JSON.parse((await millrace('event', '--json=help')).stdout)
  expect(schema).toMatchObject({ type: 'object', required: ['eventSource', 'records'] })
  expect((await millrace('event', 't', '--value', 'a', '--pretty')).stdout).toMatch(/^\{\n {2}"eventSource"/)
})
