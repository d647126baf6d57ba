// Kinds of jobs that do something with batches after their commit (`foreachRDD`). What they write outside stands there once, by the
// batch's id, however often it was written; what must stand there the ledger says.

import { job, text } from '../../../src/index.ts'
import { incompressible } from '../../support/incompressible.ts'
import { BATCH, TOPICS } from '../jobs.ts'
import { broadcasts } from './broadcasts.ts'
import { type EffectKind, TOLD, upsert } from './outside.ts'

export { type EffectKind, type Outside, TOLD } from './outside.ts'

const BULK = incompressible(300 * 1024)

/** Besides an output of another kind and a second one of this; slower than the data now and then. */
const effects: EffectKind = {
  define: (options, outside, own, version) =>
    job('simulated', options, ({ kafka }) => {
      const records = kafka(TOPICS, { value: text() }).map(({ value }) => value)
      const values = version === 1 ? records : records.filter(() => true).map((value) => value)
      values.saveAsTextFiles('s3://results/all')
      values.foreachRDD(
        async (batch) => {
          for (let i = own.chance(0.1) ? own.int(0, 3000) : 0; i > 0; i--) await undefined
          upsert(outside)(batch)
        },
        { id: TOLD },
      )
      values
        .countByValue()
        .count()
        .foreachRDD(() => {}, { id: 'counted' })
    }),
}

/** The only output of the job, with elements that do not fit into an item; it fails now and then. */
const failingEffects: EffectKind = {
  most: 12,
  define: (options, outside, own, version) =>
    job('simulated', options, ({ kafka }) => {
      const records = kafka(TOPICS, { value: text() }).map(({ value }) => value)
      const values = version === 1 ? records : records.filter(() => true)
      values
        .map((value) => (/[37]$/.test(value) ? `${value} ${BULK}` : value))
        .foreachRDD(
          (batch) => {
            const fails = own.next()
            if (fails < 0.2) throw new Error('flaky before it is written')
            upsert(outside)(batch)
            if (fails < 0.4) throw new Error('flaky after it is written')
          },
          { id: TOLD },
        )
    }),
}

/** One fails for long, which nobody else is to notice; windows make batches without data. */
const lastingFailure: EffectKind = {
  define: (options, outside, own, version) =>
    job('simulated', options, ({ kafka }) => {
      const records = kafka(TOPICS, { value: text() }).map(({ value }) => value)
      const values = version === 1 ? records : records.filter(() => true)
      values.foreachRDD(upsert(outside), { id: TOLD })
      const counts = values.window(3 * BATCH).count()
      counts.saveAsTextFiles('s3://results/counts')
      counts.foreachRDD(
        () => {
          if (own.chance(0.7)) throw new Error('flaky for long')
        },
        { id: 'failing' },
      )
    }),
}

/** Writes its positions down for others, wherever they are: the simulator looks what they are. */
const mirrored: EffectKind = {
  define: (options, outside, _, version) =>
    job('simulated', options, ({ kafka }) => {
      const mirror = { name: 'elsewhere', read: async () => [], write: async () => {} }
      const records = kafka(TOPICS, { value: text(), mirror }).map(({ value }) => value)
      const values = version === 1 ? records : records.filter(() => true)
      values.saveAsTextFiles('s3://results/all')
      values.foreachRDD(upsert(outside), { id: TOLD })
    }),
}

export const EFFECT_KINDS = { effects, failingEffects, lastingFailure, mirrored, broadcasts } as const
export type EffectKindName = keyof typeof EFFECT_KINDS
