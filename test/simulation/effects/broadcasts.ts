// Beside each batch stands what was loaded for it: the same for all that see it, whoever loads, dies and tries again. What a load gives
// is another number each time, so that two of them are told apart.

import { type Job, type JobOptions, job, text } from '../../../src/index.ts'
import type { Random } from '../../../src/testing/simulation/random.ts'
import { BATCH, TOPICS } from '../jobs.ts'
import { type EffectKind, type Outside, TOLD, upsert } from './outside.ts'

interface Loaded {
  readonly time: number
  readonly number: number
}

function define(options: JobOptions, outside: Outside, own: Random, version: number): Job {
  return job('simulated', options, ({ kafka }) => {
    const records = kafka(TOPICS, { value: text() }).map(({ value }) => value)
    const values = version === 1 ? records : records.filter(() => true)
    const load = (time: number): Loaded => {
      if (own.chance(0.05)) throw new Error('flaky while it is loaded')
      return { time, number: own.next() }
    }
    const each = values.broadcast(load, { id: 'each' })
    const lasting = values.broadcast(load, { id: 'lasting', refresh: 2 * BATCH })
    const once = values.broadcast(load, { id: 'once', refresh: false })
    const marked = values
      .withBroadcast(each, (batch, one) => batch.map((value) => [value, one] as const), { id: 'with-each' })
      .withBroadcast(lasting, (batch, other) => batch.map(([value, one]) => [value, one, other] as const), {
        id: 'with-lasting',
      })
    const counted = values
      .count()
      .withBroadcast(each, (_, one) => [one], { id: 'count-each' })
      .withBroadcast(lasting, (batch, other) => batch.map((one) => ({ one, other })), { id: 'count-lasting' })
      .withBroadcast(once, (batch, { number: world }) => batch.map((seen) => ({ ...seen, world })), {
        id: 'count-once',
      })
    counted
      .map(({ world }): [string, number] => ['world', world])
      .updateStateByKey(
        (numbers: readonly number[], state: number | undefined) => {
          const [first = state] = numbers
          if (state !== undefined && first !== state) throw new RangeError(`loaded once, and then again: ${first}`)
          return first
        },
        { id: 'worlds' },
      )
      .count()
      .saveAsTextFiles('s3://results/worlds')
    marked
      .transformWith(counted, (batch, beside, time) => {
        const { one, other, world } = beside.first()
        return batch.map(([value, seen, seenToo]) => {
          same('two values of one batch', seen, one)
          same('two values of one batch that serve', seenToo, other)
          if (seen.time !== time) throw new RangeError(`${time} has the value of ${seen.time}`)
          if (seenToo.time > time || seenToo.time <= time - 2 * BATCH)
            throw new RangeError(`${time} has that of ${seenToo.time}`)
          noted(outside, `${world} at ${time}`, seen.number)
          return value
        })
      })
      .foreachRDD(
        (batch) => {
          upsert(outside)(batch)
          if (own.chance(0.2)) throw new Error('flaky after it is written')
        },
        { id: TOLD },
      )
  })
}

function same(what: string, a: Loaded, b: Loaded): void {
  if (a.number !== b.number) throw new RangeError(`${what}: ${a.number} and ${b.number}`)
}

/** What a function sees again is what any has seen, in whatever process, whether that came to a commit or not. A run without faults is another world. */
function noted(outside: Outside, name: string, number: number): void {
  const before = outside.get(name)?.values[0] ?? `${number}`
  if (before !== `${number}`) throw new RangeError(`${name} was ${before} and is ${number}`)
  outside.set(name, { values: [before], read: [] })
}

export const broadcasts: EffectKind = { most: 30, define }
