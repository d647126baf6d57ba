// `millrace state ls|get|scan|diff` over a folder in which jobs have run: every kind of state, now and before.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Job, job, json, type State, StateSpec, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { embedded } from '../../src/local/embedded.ts'
import { memoryEnvironment } from '../../src/testing/memory-environment.ts'
import { schemaProblems } from '../support/json-schema.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'
import { inProcess } from './in-process.ts'

/** The folder forgets what has expired, so it is an hour ago. */
const START = Math.floor(Date.now() / 1000 - 3600) * 1000

let dir: string
beforeEach(async () => {
  dir = join(await mkdtemp(join(tmpdir(), 'millrace-state-')), '.millrace')
})
afterEach(() => rm(join(dir, '..'), { recursive: true, force: true }))

const state = (...args: string[]) => inProcess(['state', ...args], { MILLRACE_DIR: dir })
const objectsIn = (stdout: string): unknown[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

/** Runs a job on events of values, each a second after the one before: its batches end at START + 1000, + 2000 … */
async function ran(code: Job, events: readonly (readonly string[])[], partitions = 1): Promise<void> {
  const { table, objects, variables, stop } = embedded(dir)
  const environment = { ...memoryEnvironment(START + 100_000), table, objects, bucket: variables.MILLRACE_BUCKET ?? '' }
  environment.partitions = new Map([['lines', partitions]])
  const handler = lambda(code, { environment })
  let from = 0
  for (const [second, values] of [...events, ['{"k":"the end"}']].entries()) {
    await handler(kafkaEvent({ 'lines-0': lines(values, { from, at: START + second * 1000, step: 1 }) }))
    from += values.length
  }
  await stop()
}

type Line = { readonly k: unknown; readonly n?: number }
const line = (k: unknown, n = 1): string => JSON.stringify({ k, n })
/** Of keys that JSON has no form for. */
const keyed = ({ k, n = 1 }: Line): readonly [unknown, number] =>
  k === 'bigint' ? [7n, n] : k === 'nan' ? [Number.NaN, n] : [k, n]

const totals = job('totals', { batch: '1s', numPartitions: 4 }, ({ kafka }) => {
  kafka('lines', { value: json<Line>() })
    .map(({ value }) => keyed(value))
    .updateStateByKey(
      (values: readonly number[], sum: number | undefined) => values.reduce((a, b) => a + b, sum ?? 0),
      {
        id: 'sums',
      },
    )
    .print()
})

describe('get', () => {
  it('knows a key now and at every batch before, whatever the key is', async () => {
    await ran(totals, [
      [line('a', 1), line(7, 5), line(['eu', 7], 2)],
      [line('a', 10), line('bigint', 3), line('nan', 4), line({ b: 1, a: [null] }, 6)],
    ])
    const at = async (key: string, ...more: string[]) => {
      const { stdout, code, stderr } = await state('get', 'totals', 'sums', key, '--json', ...more)
      if (stdout === '') throw new Error(stderr)
      return [code, ...JSON.parse(stdout).entries.map((one: { value: unknown }) => one.value)]
    }
    expect(await at('a')).toEqual([0, 11])
    expect(await at('"a"', '--at', String(START + 1000))).toEqual([0, 1])
    expect(await at('"a"', '--at', new Date(START + 1500).toISOString())).toEqual([0, 1])
    expect(await at('a', '--at', String(START))).toEqual([4])
    expect(await at('7')).toEqual([0, 5])
    expect(await at('["eu",7]')).toEqual([0, 2])
    expect(await at('{"$bigint":"7"}')).toEqual([0, 3])
    expect(await at('{"$number":"NaN"}')).toEqual([0, 4])
    expect(await at('{"a":[null],"b":1}')).toEqual([0, 6])
    expect(await at('{"a":[null],"b":1}', '--at', String(START + 1000))).toEqual([4])
  })

  it('reads one bucket, and says what it found as people read it and as its schema says', async () => {
    await ran(totals, [[line('a', 1), line('b', 2)]])
    const shown = await state('get', 'totals', 'sums', 'a')
    expect(shown).toMatchObject({ code: 0, stderr: '' })
    expect(shown.stdout).toMatch(
      /^sums \(updateStateByKey\), "a" in sums\/\d, after batch \S+Z, committed at .*:\n {2}state: 1\n$/,
    )
    const answer = JSON.parse((await state('get', 'totals', 'sums', 'a', '--json')).stdout)
    expect(answer).toMatchObject({ job: 'totals', operator: 'sums', key: 'a', found: true })
    expect(answer.asOf).toHaveLength(1)
    expect(schemaProblems(JSON.parse((await state('get', '--json=help')).stdout), answer)).toEqual([])
  })

  it('says what is wrong, and what to write', async () => {
    await ran(totals, [[line('a', 1), line('7', 2), line(8, 1)]])
    const wrong = async (...args: string[]) => {
      const { code, stderr } = await state('get', ...args)
      return [code, stderr]
    }
    expect(await wrong('others', 'sums', 'a')).toEqual([
      4,
      expect.stringMatching(/^NOT_FOUND: Folder .* of a job 'others'/),
    ])
    expect(await wrong('totals', 'counts', 'a')).toEqual([
      4,
      "NOT_FOUND: Job 'totals' has no operator 'counts' that keeps something. These do: sums.\n",
    ])
    expect(await wrong('totals', 'sums', 'zz')).toEqual([4, 'NOT_FOUND: sums keeps nothing of "zz".\n'])
    expect(await wrong('totals', 'sums', '7')).toEqual([
      4,
      `NOT_FOUND: sums keeps nothing of 7. It does of the text: write '"7"'.\n`,
    ])
    expect(await wrong('totals', 'sums', '"8"')).toEqual([
      4,
      'NOT_FOUND: sums keeps nothing of "8". It does of the number: 8 without quotes.\n',
    ])
    expect(await wrong('totals', 'sums', '["a"')).toEqual([
      2,
      expect.stringMatching(/^INVALID_OPTION: '\["a"' is no key/),
    ])
    expect(await wrong('totals', 'sums', '{"$big":"7"}')).toEqual([
      2,
      expect.stringMatching(/\$big is none of \$bigint/),
    ])
    expect(await wrong('totals', 'sums', 'a', '--at', 'noon')).toEqual([
      2,
      expect.stringMatching(/^INVALID_OPTION: --at/),
    ])
  })

  it('shows what a timeout needs, and greatest values', async () => {
    const code = job('mixed', { batch: '1s', numPartitions: 2 }, ({ kafka }) => {
      const pairs = kafka('lines', { value: json<Line>() }).map(({ value: { k, n = 1 } }) => [String(k), n] as const)
      pairs
        .mapWithState(
          StateSpec.function((_: string, n: number | undefined, state: State<number>) => {
            state.update((state.getOption() ?? 0) + (n ?? 0))
            return undefined
          }).timeout('1h'),
          { id: 'seen' },
        )
        .print()
      pairs.topByKey(2, { id: 'best' }).print()
    })
    await ran(code, [[line('a', 1), line('a', 5)], [line('a', 3)]])
    const seen = JSON.parse((await state('get', 'mixed', 'seen', 'a', '--json')).stdout)
    expect(seen.entries).toEqual(
      [{ task: expect.any(String), cell: 'state', value: 9, usedAt: START + 2000 }].map((one) => ({
        ...one,
        key: 'a',
      })),
    )
    expect((await state('get', 'mixed', 'best', 'a')).stdout).toContain('top: [5,3]\n')
  })
})

it('windows, with an inverse and without, are shown by batch', async () => {
  const code = job('windows', { batch: '1s', numPartitions: 2 }, ({ kafka }) => {
    const pairs = kafka('lines', { value: json<Line>() }).map(({ value: { k, n = 1 } }) => [String(k), n] as const)
    pairs
      .reduceByKeyAndWindow(
        (a, b) => a + b,
        (a, b) => a - b,
        '30s',
        '1s',
        { id: 'inverse' },
      )
      .print()
    pairs.groupByKeyAndWindow('30s', '1s', { id: 'groups' }).print()
    pairs
      .map(([k]) => k)
      .window('30s', '1s', { id: 'plain' })
      .count()
      .print()
  })
  await ran(code, [[line('a', 1), line('a', 5), line('b', 1)], [line('a', 3)]])
  const entries = async (operator: string, key: string, ...more: string[]) =>
    JSON.parse((await state('get', 'windows', operator, key, '--json', ...more)).stdout).entries.map(
      ({ cell, time, value }: Record<string, unknown>) => [cell, Number(time) - START, value],
    )
  expect(await entries('inverse', 'a')).toEqual([
    ['batch', 1000, [6]],
    ['batch', 2000, [3]],
    ['value', Number.NaN, 9],
  ])
  expect(await entries('groups', 'a', '--at', String(START + 1000))).toEqual([['batch', 1000, [[1, 5]]]])
  expect(await entries('plain', 'a')).toHaveLength(3)
})

it('operators in place are in the partitions of their topic', async () => {
  const code = job('places', { batch: '1s' }, ({ kafka }) => {
    kafka('lines', { value: json<Line>() })
      .map(({ value: { k, n = 1 } }) => [String(k), n] as const)
      .preservesPartitioning()
      .updateStateByKey(
        (values: readonly number[], sum: number | undefined) => values.reduce((a, b) => a + b, sum ?? 0),
        {
          id: 'sums',
        },
      )
      .print()
  })
  await ran(code, [[line('a', 1)], [line('a', 2), line('b', 7)]])
  const value = async (...more: string[]) =>
    JSON.parse((await state('get', 'places', 'sums', 'a', '--json', ...more)).stdout).entries
  expect(await value()).toEqual([{ task: 'lines-0', cell: 'state', key: 'a', value: 3 }])
  expect(await value('--at', String(START + 1000))).toEqual([{ task: 'lines-0', cell: 'state', key: 'a', value: 1 }])
  expect((await state('ls', 'places')).stdout).toMatch(/\nsums +updateStateByKey +partitions of lines +2 /)
})

describe('ls, scan and diff', () => {
  it('show all of it', async () => {
    await ran(totals, [
      [line('a1', 1), line('a2', 2), line('b', 3), line(['eu', 1], 4)],
      [line('a1', 1), line('c', 1)],
    ])
    const listed = await state('ls', 'totals')
    expect(listed.stdout).toMatch(
      /^operator +kind +in +keys +batches +bytes +version +after batch\nsums +updateStateByKey +4 buckets +5 +0 +\d+ +1 +20/,
    )
    const asJson = JSON.parse((await state('ls', 'totals', '--json')).stdout)
    expect(schemaProblems(JSON.parse((await state('ls', '--json=help')).stdout), asJson)).toEqual([])
    expect(asJson).toMatchObject({ operators: [{ operator: 'sums', keys: 5, stage: 'sums', buckets: 4 }] })

    const keys = async (...more: string[]) =>
      objectsIn((await state('scan', 'totals', 'sums', ...more)).stdout)
        .map((one) => (typeof one === 'object' && one !== null && 'key' in one ? JSON.stringify(one.key) : ''))
        .sort()
    expect(await keys()).toEqual(['"a1"', '"a2"', '"b"', '"c"', '["eu",1]'])
    expect(await keys('--prefix', 'a')).toEqual(['"a1"', '"a2"'])
    expect(await keys('--where-key', '["eu"]')).toEqual(['["eu",1]'])
    expect(await keys('--limit', '2')).toHaveLength(2)
    expect(await keys('--at', String(START + 1000))).not.toContain('"c"')
    const [first] = objectsIn((await state('scan', 'totals', 'sums')).stdout)
    expect(schemaProblems(JSON.parse((await state('scan', '--json=help')).stdout), first)).toEqual([])

    const changed = await state('diff', 'totals', 'sums', '--from', String(START + 1000))
    expect(changed.stdout.split('\n').sort()).toEqual(['', '+ state "c": 1', '~ state "a1": 1 → 2'])
    expect(changed.stderr).toBe('1 added, 1 changed, 0 removed.\n')
    const back = await state(
      'diff',
      'totals',
      'sums',
      '--from',
      String(START + 2000),
      '--to',
      String(START + 1000),
      '--json',
    )
    expect(objectsIn(back.stdout)).toContainEqual(expect.objectContaining({ change: 'removed', key: 'c', before: 1 }))
    const schema = JSON.parse((await state('diff', '--json=help')).stdout)
    for (const one of objectsIn(back.stdout)) expect(schemaProblems(schema, one)).toEqual([])
  })

  it('an operator that keeps nothing is told from one that is not there', async () => {
    const code = job('plain', { batch: '1s' }, ({ kafka }) => {
      kafka('lines', { value: text() })
        .map(({ value }) => value)
        .distinct({ id: 'once' })
        .print()
    })
    await ran(code, [['a']])
    expect((await state('scan', 'plain', 'once')).stderr).toMatch(/^NOT_FOUND: once keeps nothing from batch to batch/)
    expect(await state('ls', 'plain')).toMatchObject({
      code: 0,
      stderr: 'No operator of plain keeps anything from batch to batch.\n',
    })
  })
})
