// What a bucket does with closed batches: its operators run them in order, those with data and those at which something is
// due without. Nothing is written here.

import type { JobSettings } from '../../graph/job.ts'
import type { BatchPartial } from '../../log/commit-record.ts'
import { partOfBucket } from '../../names/outputs.ts'
import type { BucketProgram } from '../../programs/bucket-program.ts'
import { exchange } from '../../programs/exchange.ts'
import type { Write } from '../../sinks/sink.ts'
import type { OffsetRange } from '../../sources/source.ts'
import { collectOutputs } from '../outputs.ts'
import { keepAside } from '../quarantine.ts'
import { batchOfDue, nextInClosing } from '../schedule.ts'
import type { BucketParts } from './bucket-parts.ts'

/** What a stage's run gives its buckets. */
export interface StageInput {
  /** Batches up to here were closed before: nothing more may show under those that are complete. */
  readonly after: number
  readonly closedUntil: number
  /** Closed batch times with data, ascending. */
  readonly touched: readonly number[]
  /** Batches in which other code has had a part: it may have written parts of the same outputs in another stage, under the same names. */
  readonly apart: ReadonlySet<number>
  /** What came over an edge, for one time and bucket, in the fixed order of folding. */
  itemsOf(edge: string, bucket: number, time: number): readonly unknown[]
  /** Where the records of a batch stand in these feeds, as their tasks have noted it. */
  rangesOf(time: number, feeds: ReadonlySet<string>): readonly OffsetRange[]
  /** How many items came for a bucket, of all edges and times. */
  sizeOf(bucket: number): number
}

export interface BucketRun {
  /** The batch times that were run, ascending. */
  readonly ran: readonly number[]
  /** One for each of them. */
  readonly partials: readonly BatchPartial[]
  readonly objects: readonly Write[]
  /** Objects of batches that were closed before: code that did not have the stage has closed them. */
  readonly late: readonly Write[]
  /** Whether anything came in or went out. */
  readonly active: boolean
}

/** Runs what is closed and not done. `due` of the operators counts anew after every batch. */
export async function runClosed(
  program: BucketProgram,
  { ref, stage, bucket, settings, environment, plans }: BucketParts,
  doneUntil: number,
  input: StageInput,
): Promise<BucketRun> {
  const keep = keepAside(ref, settings, environment)
  const apart = plans.own.fingerprint // names parts beside those that other code may have written
  const ran: number[] = []
  const partials: BatchPartial[] = []
  const objects: Write[] = []
  const late: Write[] = []
  let active = false
  const next = (after: number) => nextTime(after, dueAfter(program, after, settings), settings, input)
  for (let time = next(doneUntil); time !== undefined; time = next(time)) {
    const at = time
    const itemsOf = (edge: string): readonly unknown[] => {
      const items = input.itemsOf(edge, bucket, at)
      active ||= items.length > 0
      return items
    }
    const slots = await program.run(at, itemsOf, (feeds) => input.rangesOf(at, feeds))
    objects.push(...keep(at, program.takeAside()))
    for (const [operator, rows] of program.takeLate()) {
      environment.log.warn(
        { stage: ref.stage, task: ref.task, time, operator, rows },
        'rows came too late for their windows',
      )
      environment.meter?.lateRows(rows)
    }
    const part = partOfBucket(bucket, input.apart.has(at) ? apart : undefined)
    const outputs = collectOutputs(stage.outputs, slots, { time: at, part })
    const partial = { time: at, samples: outputs.samples, shuffle: exchange(stage.edges, slots) }
    for (const object of outputs.objects) (at > input.after ? objects : late).push(object)
    partials.push(partial)
    ran.push(at)
    active ||=
      objects.length > 0 || outputs.objects.length > 0 || partial.samples.length > 0 || partial.shuffle.length > 0
  }
  return { ran, partials, objects, late, active }
}

/** The next batch after `time` at which the operators have something to do although nothing may come. */
export function dueAfter(program: BucketProgram, time: number, settings: JobSettings): number | undefined {
  return batchOfDue(program.due(time), settings)
}

/** The next batch to run after `time`, if it is closed: one with data, or one at which something is due. */
export function nextTime(
  time: number,
  due: number | undefined,
  settings: JobSettings,
  input: StageInput,
): number | undefined {
  const data = input.touched.find((candidate) => candidate > time)
  return nextInClosing(time, { data, due }, input, settings)
}
