// Records that cannot be processed, by policy (I7), and what the invocation answers.

import { describe, expect, it } from 'vitest'
import { type Job, job, json, type PoisonPolicy, seconds, text } from '../../src/index.ts'
import { driven, records } from '../support/driven.ts'

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
const mixed = records('numbers-0', ['1', '2', 'x', '3', '-1', '4'])

const part = (offset: number): string => `numbers-1000/part-numbers-0-${String(offset).padStart(20, '0')}`

describe("onPoison: 'fail'", () => {
  it('commits what comes before the record and throws an error that names it', async () => {
    const failing = driven(numbers('fail'))
    await expect(failing.deliver(mixed)).rejects.toMatchObject({
      code: 'POISON_RECORD',
      offset: 2,
      task: { job: 'numbers', task: 'numbers-0' },
      message: expect.stringMatching(
        /job numbers, stage source, task numbers-0: the record at offset 2 cannot be processed: DecodeError: .*not json.*Records before it are committed\..*onPoison/s,
      ),
    })
    expect(await failing.published()).toEqual({ [part(0)]: '2\n4\n' })
  })

  it('fails at the same record again and again, and writes nothing twice', async () => {
    const failing = driven(numbers('fail'))
    await expect(failing.deliver(mixed)).rejects.toMatchObject({ offset: 2 })
    for (let i = 0; i < 2; i++) await expect(failing.again()).rejects.toMatchObject({ offset: 2 })
    expect(await failing.published()).toEqual({ [part(0)]: '2\n4\n' })
  })

  it('goes on from there when the record has been made good', async () => {
    const failing = driven(numbers('fail'))
    await expect(failing.deliver(mixed)).rejects.toThrow()
    await failing.another({ code: 'v2' }).deliver(records('numbers-0', ['1', '2', '9', '3', '9', '4'], { from: 0 }))
    expect(await failing.published()).toEqual({ [part(0)]: '2\n4\n', [part(2)]: '18\n6\n18\n8\n' })
  })

  it('commits nothing when the first record is the bad one', async () => {
    const failing = driven(numbers('fail'))
    await expect(failing.deliver(records('numbers-0', ['x', '1']))).rejects.toMatchObject({ offset: 0 })
    expect(await failing.published()).toEqual({})
  })
})

describe("onPoison: 'skip'", () => {
  it('drops what cannot be decoded and what user code throws on, and nothing else', async () => {
    const skipping = driven(numbers('skip'))
    await skipping.deliver(mixed)
    await skipping.again()
    await skipping.rest()
    expect(await skipping.published()).toEqual({ 'numbers-1000/_SUCCESS': '', [part(0)]: '2\n4\n6\n8\n' })
  })

  it('commits a micro-batch of nothing but bad records, so that it does not come again', async () => {
    const skipping = driven(numbers('skip'))
    await skipping.deliver(records('numbers-0', ['x', 'y']))
    await skipping.deliver(records('numbers-0', ['5']))
    expect(await skipping.published()).toEqual({ [part(2)]: '10\n' })
  })
})

describe("onPoison: 'quarantine'", () => {
  const object = '_millrace/quarantine/numbers/numbers-0-00000000000000000000.ndjson'

  it('writes the records, their coordinates and the errors into one object', async () => {
    const careful = driven(numbers('quarantine'))
    await careful.deliver(mixed)
    const quarantine = await careful.published('_millrace/quarantine/', 'state')
    expect(Object.keys(quarantine)).toEqual([object])
    const found = (quarantine[object] ?? '').trimEnd().split('\n')
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
    expect(await careful.published()).toEqual({ [part(0)]: '2\n4\n6\n8\n' })
  })

  it('does so in the commit: when the commit fails, nothing shows', async () => {
    const failing = driven(numbers('quarantine'), {
      table: (table) => ({
        append: (task, item) =>
          item.version > 1 && task.stage === 'source' ? Promise.reject(new Error('down')) : table.append(task, item),
      }),
    })
    await expect(failing.deliver(mixed)).rejects.toThrow('down')
    expect(await failing.published('', 'state')).toEqual({})
    expect(await failing.published()).toEqual({})
  })

  it('goes where the job says', async () => {
    const code = job(
      'numbers',
      { batch: 1000, onPoison: 'quarantine', quarantine: 's3://bad-records/of/numbers' },
      ({ kafka }) => kafka('numbers', { value: text() }).map(fails).print(),
    )
    const elsewhere = driven(code)
    await elsewhere.deliver(records('numbers-0', ['x'], { from: 7 }))
    expect(Object.keys(await elsewhere.published('', 'bad-records'))).toEqual([
      'of/numbers/numbers-0-00000000000000000007.ndjson',
    ])
  })
})

describe('an operator that fails on records together, but on none alone', () => {
  it('is not blamed on a record, whatever the policy', async () => {
    const code = job('few', { batch: 1000, onPoison: 'skip' }, ({ kafka }) =>
      kafka('lines', { value: text() })
        .mapPartitions((elements) => {
          const all = [...elements]
          if (all.length > 1) throw new Error('too many')
          return all.map(({ value }) => value)
        })
        .saveAsTextFiles('s3://results/few'),
    )
    const few = driven(code)
    await expect(few.deliver(records('lines-0', ['a', 'b'], { from: 3 }))).rejects.toMatchObject({
      code: 'OPERATOR_FAILED',
      message: expect.stringMatching(/fail on offsets 3 to 4 together.*Error: too many.*mapPartitions/s),
    })
    expect(await few.published()).toEqual({})
  })
})

function fails(): never {
  throw new Error('never')
}
