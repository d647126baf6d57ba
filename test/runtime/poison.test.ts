// Records that cannot be processed, by policy (I7), and what the invocation answers.

import { describe, expect, it } from 'vitest'
import { type Job, job, json, type PoisonPolicy, seconds, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'
import { bringToRest } from '../support/rest.ts'

function numbers(onPoison: PoisonPolicy): Job {
  return job('numbers', { batch: seconds(1), onPoison }, ({ kafka }) => {
    kafka('numbers', { value: json<number>() })
      .map(({ value }) => {
        if (value < 0) throw new RangeError('negative')
        return value * 2
      })
      .saveAsTextFiles('s3://results/numbers')
  })
}

/** Under T = 1000; `x` is no JSON, -1 makes the job's own function throw. */
const mixed = kafkaEvent({ 'numbers-0': lines(['1', '2', 'x', '3', '-1', '4']) })

const part = (offset: number): string => `numbers-1000/part-numbers-0-${String(offset).padStart(20, '0')}`

describe("onPoison: 'fail'", () => {
  it('commits what comes before the record and throws an error that names it', async () => {
    const environment = memoryEnvironment()
    await expect(lambda(numbers('fail'), { environment })(mixed)).rejects.toMatchObject({
      code: 'POISON_RECORD',
      offset: 2,
      task: { job: 'numbers', task: 'numbers-0' },
      message: expect.stringMatching(
        /job numbers, stage source, task numbers-0: the record at offset 2 cannot be processed: DecodeError: .*not json.*Records before it are committed\..*onPoison/s,
      ),
    })
    expect(await readObjects(environment.objects, 'results')).toEqual(new Map([[part(0), '2\n4\n']]))
  })

  it('fails at the same record again and again, and writes nothing twice', async () => {
    const environment = memoryEnvironment()
    const handler = lambda(numbers('fail'), { environment })
    for (let i = 0; i < 3; i++) await expect(handler(mixed)).rejects.toMatchObject({ offset: 2 })
    expect(await readObjects(environment.objects, 'results')).toEqual(new Map([[part(0), '2\n4\n']]))
  })

  it('goes on from there when the record has been made good', async () => {
    const environment = memoryEnvironment()
    await expect(lambda(numbers('fail'), { environment })(mixed)).rejects.toThrow()
    const mended = kafkaEvent({ 'numbers-0': lines(['1', '2', '9', '3', '9', '4']) })
    await lambda(numbers('fail'), { environment: environment.another({ code: 'v2' }) })(mended)
    expect(await readObjects(environment.objects, 'results')).toEqual(
      new Map([
        [part(0), '2\n4\n'],
        [part(2), '18\n6\n18\n8\n'],
      ]),
    )
  })

  it('commits nothing when the first record is the bad one', async () => {
    const environment = memoryEnvironment()
    const event = kafkaEvent({ 'numbers-0': lines(['x', '1']) })
    await expect(lambda(numbers('fail'), { environment })(event)).rejects.toMatchObject({ offset: 0 })
    expect(await readObjects(environment.objects, 'results')).toEqual(new Map())
  })
})

describe("onPoison: 'skip'", () => {
  it('drops what cannot be decoded and what user code throws on, and nothing else', async () => {
    const environment = memoryEnvironment()
    const handler = lambda(numbers('skip'), { environment })
    await handler(mixed)
    await handler(mixed)
    await bringToRest('numbers', handler, environment)
    expect(await readObjects(environment.objects, 'results')).toEqual(
      new Map([
        ['numbers-1000/_SUCCESS', ''],
        [part(0), '2\n4\n6\n8\n'],
      ]),
    )
  })

  it('commits a micro-batch of nothing but bad records, so that it does not come again', async () => {
    const environment = memoryEnvironment()
    const handler = lambda(numbers('skip'), { environment })
    await handler(kafkaEvent({ 'numbers-0': lines(['x', 'y']) }))
    await handler(kafkaEvent({ 'numbers-0': lines(['5'], { from: 2 }) }))
    expect(await readObjects(environment.objects, 'results')).toEqual(new Map([[part(2), '10\n']]))
  })
})

describe("onPoison: 'quarantine'", () => {
  const object = '_millrace/quarantine/numbers/numbers-0-00000000000000000000.ndjson'

  it('writes the records, their coordinates and the errors into one object', async () => {
    const environment = memoryEnvironment()
    await lambda(numbers('quarantine'), { environment })(mixed)
    const quarantine = await readObjects(environment.objects, 'state', '_millrace/quarantine/')
    expect([...quarantine.keys()]).toEqual([object])
    const found = (quarantine.get(object) ?? '').trimEnd().split('\n')
    expect(found.map((line) => JSON.parse(line))).toEqual([
      {
        kind: 'record',
        topic: 'numbers',
        partition: 0,
        offset: 2,
        timestamp: 200,
        key: null,
        value: Buffer.from('x').toString('base64'),
        headers: [],
        error: { code: 'UNDECODABLE', message: expect.stringContaining('value of numbers-0 at offset 2 is not json') },
      },
      expect.objectContaining({ offset: 4, error: { message: 'RangeError: negative' } }),
    ])
    expect(await readObjects(environment.objects, 'results')).toEqual(new Map([[part(0), '2\n4\n6\n8\n']]))
  })

  it('does so in the commit: when the commit fails, nothing shows', async () => {
    const environment = memoryEnvironment()
    const { table } = environment
    const failing = {
      ...environment,
      table: {
        ...table,
        append: (...[task, item]: Parameters<typeof table.append>) =>
          item.version > 1 && task.stage === 'source' ? Promise.reject(new Error('down')) : table.append(task, item),
      },
    }
    await expect(lambda(numbers('quarantine'), { environment: failing })(mixed)).rejects.toThrow('down')
    expect(await readObjects(environment.objects, 'state')).toEqual(new Map())
    expect(await readObjects(environment.objects, 'results')).toEqual(new Map())
  })

  it('goes where the job says', async () => {
    const environment = memoryEnvironment()
    const elsewhere = job(
      'numbers',
      { batch: 1000, onPoison: 'quarantine', quarantine: 's3://bad-records/of/numbers' },
      ({ kafka }) => kafka('numbers', { value: text() }).map(fails).print(),
    )
    await lambda(elsewhere, { environment })(kafkaEvent({ 'numbers-0': lines(['x'], { from: 7 }) }))
    expect([...(await readObjects(environment.objects, 'bad-records')).keys()]).toEqual([
      'of/numbers/numbers-0-00000000000000000007.ndjson',
    ])
  })
})

describe('an operator that fails on records together, but on none alone', () => {
  it('is not blamed on a record, whatever the policy', async () => {
    const environment = memoryEnvironment()
    const few = job('few', { batch: 1000, onPoison: 'skip' }, ({ kafka }) =>
      kafka('lines', { value: text() })
        .mapPartitions((elements) => {
          const all = [...elements]
          if (all.length > 1) throw new Error('too many')
          return all.map(({ value }) => value)
        })
        .saveAsTextFiles('s3://results/few'),
    )
    const event = kafkaEvent({ 'lines-0': lines(['a', 'b'], { from: 3 }) })
    await expect(lambda(few, { environment })(event)).rejects.toMatchObject({
      code: 'OPERATOR_FAILED',
      message: expect.stringMatching(/fail on offsets 3 to 4 together.*Error: too many.*mapPartitions/s),
    })
    expect(await readObjects(environment.objects, 'results')).toEqual(new Map())
  })
})

function fails(): never {
  throw new Error('never')
}
