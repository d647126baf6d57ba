// Hostile names through the whole runtime: keys of records, names of jobs, topics and outputs. Each works exactly, over
// restarts and stores alike, or is refused by name before anything runs.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { InvalidOptionError, type Job, job, json, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { objectPath } from '../../src/names/escape.ts'
import { logKey } from '../../src/names/table-keys.ts'
import { directoryObjects } from '../../src/stores/directory-objects.ts'
import { memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { planned } from '../support/definition.ts'
import { incompressible } from '../support/incompressible.ts'
import { eventRecord, kafkaEvent, lines } from '../support/kafka-events.ts'
import { HOSTILE_NAMES, hostileName } from './hostile-names.ts'

const counts: Job = job('counts', { batch: 1000, numPartitions: 3 }, ({ kafka }) => {
  kafka('keys', { value: json<string>() })
    .map(({ value }) => [value, 1] as const)
    .updateStateByKey((ones: readonly number[], n: number | undefined) => (n ?? 0) + ones.length)
    .saveAsNdjsonFiles('s3://results/counts')
})

/** Two batches of keys, an instance for each, and what the state is after them. */
async function count(first: readonly string[], second: readonly string[]): Promise<Map<string, number>> {
  const environment = memoryEnvironment(0)
  let from = 0
  for (const [n, keys] of [first, second, ['end']].entries()) {
    environment.setTime(n * 20_000)
    const values = keys.map((key) => JSON.stringify(key))
    const event = kafkaEvent({ 'keys-0': lines(values, { from, at: n * 1000, step: 0 }) })
    await lambda(counts, { environment: environment.another() })(event)
    from += keys.length
  }
  const found = new Map<string, number>()
  for (const part of (await readObjects(environment.objects, 'results', 'counts-2000/part')).values()) {
    for (const line of part.trimEnd().split('\n')) {
      const [key, n]: [string, number] = JSON.parse(line)
      expect(found.has(key)).toBe(false)
      found.set(key, n)
    }
  }
  return found
}

describe('keys', () => {
  it('are counted each for itself, whatever they are called', async () => {
    const keys = fc.array(hostileName, { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(keys, keys, async (first, second) => {
        const expected = new Map<string, number>()
        for (const key of [...first, ...second]) expected.set(key, (expected.get(key) ?? 0) + 1)
        expect(await count(first, second)).toEqual(expected)
      }),
      { numRuns: 60 },
    )
  })

  it('all at once', async () => {
    expect(await count(HOSTILE_NAMES, HOSTILE_NAMES)).toEqual(new Map(HOSTILE_NAMES.map((name) => [name, 2])))
  })
})

const copy = (name: string, target = 's3://results/copy'): Job =>
  job(name, { batch: 1000 }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .map(({ value }) => value)
      .saveAsTextFiles(target)
  })

describe('names of jobs', () => {
  // Spilled commits, so that the name is part of an object's key, too.
  const large = incompressible(600_000)

  it('are each their own, in the table and in the bucket', async () => {
    const short = hostileName.filter((name) => name !== '' && Buffer.byteLength(name) <= 255)
    await fc.assert(
      fc.asyncProperty(short, short, async (a, b) => {
        fc.pre(a !== b)
        const environment = memoryEnvironment()
        const jobs = [a, b].map((name, i) => {
          const target = `s3://results/copy${i}`
          return { handler: lambda(copy(name, target), { environment: environment.another({ owner: name }) }), i }
        })
        for (const { handler, i } of jobs) {
          const event = kafkaEvent({ 'lines-0': lines([`${i}${large}`], { at: 500 }) })
          await handler(event)
          await handler(event) // a duplicate: the log is found again
        }
        for (const { i } of jobs) {
          const parts = await readObjects(environment.objects, 'results', `copy${i}-`)
          expect([...parts.values()]).toEqual([`${i}${large}\n`])
        }
      }),
      { numRuns: 15 },
    )
  }, 60_000)

  it('never reach into other keys, as keys of the table or as paths of objects', () => {
    fc.assert(
      fc.property(
        fc.tuple(hostileName, hostileName, hostileName),
        fc.tuple(hostileName, hostileName, hostileName),
        (a, b) => {
          const same = a.every((name, i) => name === b[i])
          expect(
            logKey({ job: a[0], stage: a[1], task: a[2] }) === logKey({ job: b[0], stage: b[1], task: b[2] }),
          ).toBe(same)
          expect(objectPath(...a) === objectPath(...b)).toBe(same)
          const segments = objectPath(...a).split('/')
          expect(segments).toHaveLength(3)
          for (const segment of segments) expect(['.', '..']).not.toContain(segment)
          expect(objectPath(...a).isWellFormed()).toBe(true)
        },
      ),
      { numRuns: 1000 },
    )
  })
})

describe('names of topics', () => {
  it('that look like those of others with their partitions are told apart', async () => {
    const topics = ['a', 'a-1', 'a-1-1', 'a_1', 'a.1', '-', '--', '-1', '.-.', '_SUCCESS', '__proto__', 'constructor']
    const environment = memoryEnvironment()
    const all = job('all', { batch: 1000 }, ({ kafka }) => {
      kafka(topics, { value: text() })
        .map(({ topic, partition, value }) => `${topic} ${partition} ${value}`)
        .saveAsTextFiles('s3://results/all')
    })
    const partitions = [0, 1, 11]
    const records = topics.flatMap((topic) =>
      partitions.map((partition) => [`${topic}-${partition}`, topic, partition] as const),
    )
    const event = (offset: number) => ({
      ...kafkaEvent({}),
      records: Object.fromEntries(
        records.map(([name, topic, partition]) => [
          name,
          [eventRecord(topic, partition, { offset, timestamp: offset * 1000, value: `${offset}` })],
        ]),
      ),
    })
    for (const offset of [0, 1]) await lambda(all, { environment: environment.another() })(event(offset))
    for (const offset of [0, 1]) {
      const parts = await readObjects(environment.objects, 'results', `all-${1000 * (offset + 1)}/part`)
      const expected = records.map(([, topic, partition]) => `${topic} ${partition} ${offset}\n`)
      expect([...parts.values()].sort()).toEqual(expected.sort())
    }
  })

  it.each(['', '.', '..', 'a/b', 'a b', 'ü', '\u0000', 'x'.repeat(250), 'a#b', 'a\nb', 'lines,'])(
    'that Kafka does not have are refused: %o',
    (topic) => {
      expect(() => job('j', { batch: 1000 }, ({ kafka }) => kafka(topic, { value: text() }).print())).toThrow(
        InvalidOptionError,
      )
    },
  )
})

describe('prefixes of outputs', () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-names-'))
  afterAll(() => rmSync(directory, { recursive: true }))

  it('are written to exactly there, in memory and in a directory, or refused at definition', async () => {
    let refused = 0
    const written = new Set<string>()
    for (const [i, name] of HOSTILE_NAMES.entries()) {
      const target = `s3://results/${i}/${name}`
      let defined: Job
      try {
        defined = copy(`job${i}`, target)
        planned(defined)
      } catch (error) {
        expect(error, name).toBeInstanceOf(InvalidOptionError)
        refused++
        continue
      }
      for (const objects of [undefined, directoryObjects(join(directory, String(i)))]) {
        const environment = memoryEnvironment()
        const used = objects ?? environment.objects
        const stored = { ...environment, objects: used }
        await lambda(defined, { environment: stored })(kafkaEvent({ 'lines-0': lines(['a'], { at: 500 }) }))
        const keys = [...(await readObjects(used, 'results')).keys()]
        const prefix = `${i}/${name}`.replace(/\/+$/, '')
        expect(keys).toEqual([`${prefix}-1000/part-lines-0-${'0'.repeat(20)}`])
        written.add(target)
      }
    }
    expect(refused).toBeGreaterThan(5)
    expect(written.size + refused).toBe(HOSTILE_NAMES.length)
  })
})

describe('a record with line breaks', () => {
  it('takes as many lines in a text file as it has, as with Spark; NDJSON and CSV keep it in one value', async () => {
    const environment = memoryEnvironment()
    const broken = job('broken', { batch: 1000 }, ({ kafka }) => {
      const values = kafka('lines', { value: text() }).map(({ value }) => value)
      values.saveAsTextFiles('s3://results/text')
      values.saveAsNdjsonFiles('s3://results/ndjson')
      values.saveAsCsvFiles('s3://results/csv', { header: false })
    })
    await lambda(broken, { environment })(kafkaEvent({ 'lines-0': lines(['one\ntwo\r\n', '\u2028']) }))
    expect([...(await readObjects(environment.objects, 'results')).values()]).toEqual([
      '"one\ntwo\r\n"\n\u2028\n',
      '"one\\ntwo\\r\\n"\n"\u2028"\n',
      'one\ntwo\r\n\n\u2028\n',
    ])
  })
})
