// `millrace state edit` and `millrace undo` of it, over a folder in which a job has run that keeps states by key, in buckets and in partitions.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { job, type State, StateSpec, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { embedded } from '../../src/local/embedded.ts'
import { type MemoryEnvironment, memoryEnvironment } from '../../src/testing/memory-environment.ts'
import { schemaProblems } from '../support/json-schema.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'
import { bringToRest } from '../support/rest.ts'
import { inProcess } from './in-process.ts'

/** Near the clock of the command line: what has expired by that is not there any more. */
const START = Math.floor(Date.now() / 1000) * 1000 - 20_000

const counting = (inPlace: boolean) =>
  job('counts', { batch: '1s', numPartitions: 2 }, ({ kafka }) => {
    const words = kafka('lines', { value: text() }).map(({ value }): [string, number] => [value, 1])
    const pairs = inPlace ? words.preservesPartitioning() : words
    pairs
      .updateStateByKey((values: readonly number[], n: number | undefined) => (n ?? 0) + values.length, {
        id: 'totals',
      })
      .map(([word, n]) => `${word}=${n}`)
      .saveAsTextFiles('s3://results/totals')
    pairs
      .mapWithState(
        StateSpec.function((word: string, _: number | undefined, state: State<{ seen: number }>) => {
          const { seen } = state.getOption() ?? { seen: 0 }
          if (!state.isTimingOut()) state.update({ seen: seen + 1 })
          return `${word}:${seen + 1}`
        }).timeout('1h'),
        { id: 'seen' },
      )
      .saveAsTextFiles('s3://results/seen')
    pairs.reduceByKeyAndWindow((a, b) => a + b, '3s', '1s', { id: 'window' }).print()
  })

let dir: string
let services: ReturnType<typeof embedded>
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'millrace-edit-'))
  services = embedded(dir)
})
afterEach(async () => {
  await services.stop()
  await rm(dir, { recursive: true, force: true })
})

const millrace = (...args: string[]) => inProcess(args, { MILLRACE_DIR: dir })
const json = async (...args: string[]) => JSON.parse((await millrace(...args, '--json')).stdout)

describe.each([
  ['buckets', false],
  ['partitions', true],
])('in %s', (_, inPlace) => {
  /** A warm instance that has counted a, a, b, at rest or not. */
  async function started(rested: boolean) {
    const { table, objects, variables } = services
    const bucket = variables.MILLRACE_BUCKET ?? ''
    const base = memoryEnvironment(START + 10_000)
    const environment: MemoryEnvironment = { ...base, ...(inPlace && { partitions: new Map([['lines', 1]]) }) }
    const handler = lambda(counting(inPlace), {
      environment: { ...environment, table, objects, bucket, trustExpired: Number.POSITIVE_INFINITY },
    })
    let next = 0
    const deliver = async (values: string[], at: number) => {
      await handler(kafkaEvent({ 'lines-0': lines(values, { from: next, at }) }))
      next += values.length
    }
    await deliver(['a', 'a', 'b'], START)
    await deliver(['b'], START + 2000)
    if (rested) await bringToRest('counts', handler, environment)
    const published = async (prefix: string) => {
      const found: string[] = []
      for await (const { key } of objects.list('results', prefix))
        if (key.includes('part-'))
          found.push(Buffer.from((await objects.get({ bucket: 'results', key })) ?? []).toString())
      return found.join('').split('\n').filter(Boolean)
    }
    const rest = () => bringToRest('counts', handler, environment)
    return { deliver, published, rest }
  }

  it.each([[false], [true]])('totals follow an edit, which a warm instance notices; at rest: %s', async (rested) => {
    const { deliver, published, rest } = await started(rested)
    const dry = await millrace('state', 'edit', 'counts', 'totals', 'a', '40')
    expect(dry).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^totals, "a" in \S+: 2 → 40\nNothing was changed: add --execute\.\n$/),
    })
    const done = await json('state', 'edit', 'counts', 'totals', 'a', '40', '--execute', '--reason', 'counted twice')
    expect(done).toMatchObject({ operator: 'totals', key: 'a', before: 2, after: 40, executed: true })
    expect(schemaProblems(JSON.parse((await millrace('state', 'edit', '--json=help')).stdout), done)).toEqual([])
    expect(await json('state', 'get', 'counts', 'totals', 'a')).toMatchObject({ entries: [{ value: 40 }] })
    await deliver(['a'], START + 5000)
    await rest()
    expect(await published('totals')).toContain('a=41')
    expect(await published('totals')).not.toContain('a=3')
  })

  it('states of mapWithState keep when they were used last, and a new key can be born', async () => {
    const { deliver, published, rest } = await started(false)
    const where = (await json('state', 'get', 'counts', 'seen', 'a')).entries[0]
    await millrace('state', 'edit', 'counts', 'seen', 'a', '{"seen":9}', '--execute')
    expect((await json('state', 'get', 'counts', 'seen', 'a')).entries).toEqual([{ ...where, value: { seen: 9 } }])
    const born = await json('state', 'edit', 'counts', 'seen', 'z', '{"seen":100}', '--execute')
    expect(born).toMatchObject({ after: { seen: 100 } })
    expect(born.before).toBeUndefined()
    await deliver(['a', 'z'], START + 5000)
    await rest()
    expect(await published('seen')).toEqual(expect.arrayContaining(['a:10', 'z:101']))
  })

  it('a deleted key begins anew, and the edit is undone as long as nothing has touched the key', async () => {
    const { deliver, published, rest } = await started(false)
    const first = await json('state', 'edit', 'counts', 'totals', 'b', '--delete', '--execute')
    expect(first).toMatchObject({ before: 1, executed: true })
    const undo = (version: number, ...flags: string[]) =>
      millrace('undo', 'counts', first.task, String(version), ...flags)
    expect(await undo(first.version)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^totals, "b" in \S+: nothing → 1\n/),
    })
    expect(await undo(first.version, '--execute')).toMatchObject({ code: 0 })
    expect(await undo(first.version, '--execute')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('the key has changed since'),
    })
    expect(await json('state', 'get', 'counts', 'totals', 'b')).toMatchObject({ entries: [{ value: 1 }] })

    const second = await json('state', 'edit', 'counts', 'totals', 'b', '--delete', '--execute')
    await deliver(['b'], START + 5000)
    await rest()
    expect(await published('totals')).toContain('b=1')
    expect(await undo(second.version, '--execute')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('the key has changed since'),
    })
  })

  it.each([
    [['window', 'a', '1'], 3, 'what it keeps follows from the records that it holds'],
    [['totals', 'a', '"many"'], 3, 'it is the string "many", and was a number'],
    [['seen', 'a', '{"seen":"9"}'], 3, 'seen is the string "9", and was a number'],
    [['totals', 'new', '[1]'], 3, 'under other keys'],
    [['totals', 'a', 'many'], 2, "'many' is no state"],
    [['totals', 'a'], 2, 'give the state as JSON, or --stdin, or --delete'],
    [['totals', 'never', '--delete'], 4, 'there is nothing to delete'],
    [['nothing', 'a', '1'], 4, "no operator 'nothing'"],
  ])('refuses %j', async (args, code, message) => {
    await started(false)
    expect(await millrace('state', 'edit', 'counts', ...args)).toMatchObject({
      code,
      stderr: expect.stringContaining(message),
    })
  })
})
