// What `millrace batch` says: before, meanwhile and after.

import type { JobDefinition } from '../graph/job.ts'
import type { BoundedSource } from '../local/bounded/bounded-partition.ts'
import type { BoundedReport, Progress } from '../local/bounded/bounded-run.ts'
import type { Published } from '../local/bounded/run-objects.ts'

export type PublishedCounts = Readonly<Record<Published['how'] | 'objects', number>>

/** Outputs that call functions of the job. */
export function effectsOf({ outputs }: JobDefinition): string[] {
  return outputs.flatMap(({ sink: { name, receiver } }) => {
    if (typeof name === 'string') return receiver ? [name] : []
    return name.numbered === 'foreachRDD' ? [name.numbered] : []
  })
}

const count = (n: number, one: string, many = `${one}s`): string => `${n.toLocaleString('en')} ${n === 1 ? one : many}`
const at = (time: number): string => new Date(time).toISOString()

export function startLines(job: JobDefinition, source: BoundedSource, where: string, effects: boolean): string[] {
  const byTopic = Map.groupBy(source.partitions, ({ topic }) => topic)
  const topics = [...byTopic].map(([topic, list]) => `${topic} (${count(list.length, 'partition')})`)
  const calls = effectsOf(job)
  const lines = [`job ${job.name} over ${topics.join(', ')}; results go ${where}`]
  if (job.settings.time === 'arrival')
    lines.push("the job's time is 'arrival': here that is the time of each record, since all of them are there already")
  if (calls.length > 0)
    lines.push(
      effects
        ? `functions of ${calls.join(', ')} are called; --no-effects leaves them out`
        : `functions of ${calls.join(', ')} are not called`,
    )
  return lines
}

const EVERY_MS = 2000

export function progressLines(say: (line: string) => void): (progress: Progress) => void {
  const started = performance.now()
  let told = started
  return ({ records, ended, partitions, done, until }) => {
    const now = performance.now()
    if (now - told < EVERY_MS) return
    told = now
    const rate = Math.round(records / ((now - started) / 1000))
    const reached = until === undefined || !Number.isFinite(until) ? '' : `, up to ${at(until)}`
    say(
      `${Math.floor(done * 100)} %: ${count(records, 'record')}, ${rate.toLocaleString('en')}/s, ${ended} of ${count(partitions, 'partition')} done${reached}`,
    )
  }
}

export function reportLines(
  job: JobDefinition,
  report: BoundedReport,
  { written, alike, replaced, objects }: PublishedCounts,
  where: string,
  seconds: number,
  effects: readonly string[],
): string[] {
  const { records, batches, first, last, late, withoutEffect, interrupted } = report
  const span = first === undefined || last === undefined ? '' : `, from T ${at(first)} to ${at(last)}`
  const lines = [
    `job ${job.name}: ${count(records, 'record')} in ${count(batches, 'batch', 'batches')}${span}, ${seconds.toFixed(1)} s`,
    `${count(written + replaced, 'result')} published (${count(objects, 'object')}) ${where}`,
  ]
  if (replaced > 0) lines.push(`${count(replaced, 'of them replaces', 'of them replace')} what was there`)
  if (alike > 0) lines.push(`${count(alike, 'result was', 'results were')} there already and said the same`)
  if (late > 0)
    lines.push(
      `warning: ${count(late, 'record')} came after ${late === 1 ? 'its' : 'their'} batch in the partition and joined a later one, as in the stream`,
    )
  if (withoutEffect > 0) lines.push(`${count(withoutEffect, 'call')} of ${effects.join(', ')} left out`)
  if (interrupted)
    lines.push(
      'stopped before the end. What is published is whole batches; the same command publishes the rest, and leaves these as they are',
    )
  return lines
}
