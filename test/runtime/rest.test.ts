// A job at rest: everything closed, logs sealed, nothing armed; and what comes after days of it (DESIGN §3, §4; I7).

import { describe, expect, it } from 'vitest'
import { job, seconds, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import type { Environment } from '../../src/runtime/environment.ts'
import { memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'
import { bringToRest } from '../support/rest.ts'

const DAY = 24 * 3_600_000

const copy = job('copy', { batch: seconds(1), onPoison: 'skip' }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map((record) => {
      if (record.value === 'bad') throw new Error('bad')
      return record.value
    })
    .saveAsTextFiles('s3://results/copy')
})

async function contents(environment: Environment): Promise<string> {
  const objects = await readObjects(environment.objects, 'results')
  return [...objects].map(([key, body]) => (key.endsWith('_SUCCESS') ? '' : body)).join('')
}

describe('a job at rest', () => {
  it('is not at rest while eventually consistent reads hide what is not closed', async () => {
    const writer = memoryEnvironment()
    await lambda(copy, { environment: writer })(kafkaEvent({ 'lines-0': lines(['a']) }))
    const { table } = writer
    const stale: Environment = {
      ...writer.another(),
      table: {
        ...table,
        read: async (task, options) => (options.consistent ? table.read(task, options) : []),
      },
    }
    await bringToRest('copy', lambda(copy, { environment: stale }), writer)
    expect([...(await readObjects(writer.objects, 'results')).keys()]).toContain('copy-1000/_SUCCESS')
  })

  it('goes on after its log has expired, down to the seals', async () => {
    const environment = memoryEnvironment()
    const handler = lambda(copy, { environment })
    await handler(kafkaEvent({ 'lines-0': lines(['a', 'b'], { at: 500, step: 1000 }) }))
    await bringToRest('copy', handler, environment)
    // A commit that closes nothing, and then rest again: the closing task must not need it later.
    await handler(kafkaEvent({ 'lines-0': lines(['bad'], { from: 2, at: 2500 }) }))
    await bringToRest('copy', handler, environment)

    environment.setTime(environment.clock.now() + 8 * DAY)
    expect(environment.table.deleteExpired(environment.clock.now() / 1000)).toBeGreaterThan(0)
    const later = environment.another()
    const fresh = lambda(copy, { environment: later })
    await fresh(kafkaEvent({ 'lines-0': lines(['c'], { from: 3, at: 3500 }) }))
    await bringToRest('copy', fresh, later)
    expect(await contents(environment)).toBe('a\nb\nc\n')
    expect([...(await readObjects(environment.objects, 'results')).keys()]).toContain('copy-4000/_SUCCESS')
  })

  it('does not trust memory from before what has expired since: its versions are free again', async () => {
    const old = memoryEnvironment()
    const frozen = lambda(copy, { environment: old })
    await frozen(kafkaEvent({ 'lines-0': lines(['a']) }))
    const other = old.another()
    const handler = lambda(copy, { environment: other })
    await handler(kafkaEvent({ 'lines-0': lines(['b', 'c'], { from: 1, at: 100 }) }))
    await bringToRest('copy', handler, other)

    old.setTime(old.clock.now() + 8 * DAY)
    old.table.deleteExpired(old.clock.now() / 1000)
    const closed = await readObjects(old.objects, 'results', 'copy-1000/')
    await frozen(kafkaEvent({ 'lines-0': lines(['b', 'c', 'd'], { from: 1, at: 100 }) }))
    expect(await readObjects(old.objects, 'results', 'copy-1000/')).toEqual(closed)
    expect(await contents(old)).toBe('a\nb\nc\nd\n')
  })
})
