// The jobs that are simulated. Every record's text is its own name, so that outputs can be counted against records.

import type { Job, JobOptions } from '../../src/index.ts'
import { job, text } from '../../src/index.ts'
import type { Random } from '../../src/testing/simulation/random.ts'
import { incompressible } from '../support/incompressible.ts'

/** The batch interval of all simulated jobs, milliseconds. */
export const BATCH = 1000

export const TOPICS = ['lines', 'more-lines'] as const

export const KINDS = ['plain', 'tokens', 'bulky', 'spilled', 'poison', 'flaky'] as const

/**
 * `plain`: several outputs. `tokens`: user code that gives another result each time (I6). `bulky`: parts too large to ride
 * in a commit. `spilled`: commits too large for an item. `poison`: records that cannot be processed, quarantined.
 * `flaky`: user code that fails now and then.
 */
export type JobKind = (typeof KINDS)[number]

/** Records whose text starts so cannot be processed under `poison`. */
export const POISON = 'poison'

/** Characters of six bits each, which no compression makes smaller than three quarters. */
const BULK = incompressible(800 * 1024)

/** 100 KB for one record: 75 KB compressed, more than rides in a commit. */
function bulk(part: number): string {
  return BULK.slice(part * 100 * 1024, (part + 1) * 100 * 1024)
}

const isLarge = (value: string): boolean => /[37]$/.test(value)

/** `version` 2 means the same. */
export function simulatedJob(kind: JobKind, options: JobOptions, random: Random, version = 1): Job {
  return job('simulated', { ...options, onPoison: kind === 'poison' ? 'quarantine' : 'fail' }, ({ kafka }) => {
    const records = kafka(TOPICS, { value: text() }).map(({ value }) => value)
    const values = version === 1 ? records : records.filter(() => true).map((value) => value)
    let calls = 0
    switch (kind) {
      case 'plain':
        values.saveAsTextFiles('s3://results/all')
        values.filter((value) => value.endsWith('0')).saveAsNdjsonFiles('s3://results/tens', 'json')
        values.print(2)
        break
      case 'tokens':
        values.map((value) => `${value} ${calls++}`).saveAsTextFiles('s3://results/all')
        break
      case 'bulky':
        values.map((value) => (isLarge(value) ? `${value} ${bulk(0)}` : value)).saveAsTextFiles('s3://results/all')
        break
      case 'spilled':
        values.saveAsTextFiles('s3://results/all')
        values
          .flatMap((value) => (value.endsWith('7') ? Array.from({ length: 7 }, (_, part) => bulk(part)) : []))
          .print()
        break
      case 'poison':
        values
          .map((value) => {
            if (value.startsWith(POISON)) throw new Error(`cannot process ${value}`)
            return value
          })
          .saveAsTextFiles('s3://results/all')
        break
      case 'flaky':
        values
          .mapAsync(
            async (value) => {
              if (random.chance(0.02)) throw new Error('flaky')
              return value
            },
            { concurrency: 2 },
          )
          .saveAsTextFiles('s3://results/all')
        break
    }
  })
}
