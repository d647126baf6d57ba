// The programs, and how their demos account for them: what was published is held against the recount.

import type { Embedded } from '../../src/local/embedded.ts'
import type { Account, DemoJob } from '../job.ts'
import { digestsOf, readPublished } from '../outputs.ts'
import type { TopicRecord } from '../topic.ts'
import { FRAUD } from './fraud.ts'
import { LOG_ERRORS } from './log-errors.ts'
import { differences, type Program } from './program.ts'
import { RANDOM_SUM } from './random-sum.ts'
import { RECOMMEND } from './recommend.ts'

export const PROGRAMS: readonly Program[] = [FRAUD, LOG_ERRORS, RANDOM_SUM, RECOMMEND]

const START = Date.UTC(2024, 0, 1)

export interface Recounted extends Account {
  /** Batches compared, by output. */
  readonly compared: readonly (readonly [output: string, batches: number])[]
  /** What differs from the recount, in words. */
  readonly wrong: readonly string[]
  readonly title: string
  /** The last lines of the output that is shown. */
  readonly last: readonly string[]
}

export function programDemo({
  name,
  topic,
  what,
  batch,
  batches,
  shows,
  records,
  recount,
}: Program): DemoJob<Recounted> {
  return {
    name,
    topic: { name: topic[1], what, read: () => records(START) },
    batches,
    batchSize: 50,
    async account(services: Embedded, produced: readonly TopicRecord[]) {
      const placed = produced.map(({ timestamp, value }) => ({
        time: (Math.floor(timestamp / batch) + 1) * batch,
        value,
      }))
      const outputs = await Promise.all(
        Object.entries(recount(placed)).map(async ([output, expected]) => {
          return { output, expected, published: await readPublished(services, output) }
        }),
      )
      const wrong = outputs.flatMap(({ output, expected, published }) => differences(output, published, expected))
      const compared = outputs.map(({ output, expected }) => [output, expected.size] as const)
      const digests = new Map(outputs.flatMap(({ output, published }) => digestsOf(output, published.lines)))
      const last = outputs
        .flatMap(({ output, published }) => (output === shows ? [...published.lines] : []))
        .sort(([a], [b]) => a - b)
        .flatMap(([, lines]) => lines.toSorted())
        .slice(-5)
      return { compared, wrong, digests, exact: wrong.length === 0, title: `The last lines of ${shows}`, last }
    },
    show({ compared, wrong, title, last }) {
      console.log(title)
      for (const line of last) console.log(`  ${line}`)
      console.log('\nHeld against a recount of all records')
      for (const [output, count] of compared) console.log(`  ${output.padEnd(22)} ${count} batches`)
      console.log(`  different              ${wrong.length}`)
      for (const line of wrong.slice(0, 5)) console.log(`    ${line}`)
    },
  }
}
