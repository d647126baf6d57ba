// What must hold when a job has come to rest: every record counted once (I1), contents as the records alone have them
// (I2), everything published (I3), and rest is rest.

import type { JobSettings } from '../../graph/job.ts'
import { isBucketCommit } from '../../log/commit-record.ts'
import type { Path } from './coverage.ts'
import type { Partition } from './event-source.ts'
import { splitName } from './monitored-logs.ts'
import type { Published } from './outputs.ts'
import type { World } from './world.ts'

/** Of a list that is too long to be read. */
const SHOWN = 600

/** That every offset stands in the ledger once, and nothing else does. */
export function checkLedger({ ledger, monitor }: World, partitions: readonly Partition[]): void {
  const names = new Set(partitions.map(({ name }) => name))
  for (const task of ledger.entries.keys()) if (!names.has(task)) monitor.violation(`${task} is no partition (I1)`)
  for (const { name, records } of partitions) {
    const committed = (ledger.entries.get(name) ?? []).map(({ record }) => record.offset)
    const wanted = records.map(({ offset }) => offset)
    if (committed.join() !== wanted.join())
      monitor.violation(`${name}: offsets ${committed} are committed instead of ${wanted} (I1)`)
  }
}

/** That batch times are those of the records alone: the timestamp, but at least every earlier one's of its partition (I2). */
export function checkTimes({ ledger, monitor, job }: World, partitions: readonly Partition[]): void {
  const { batch } = job.settings
  for (const { name, records } of partitions) {
    let reached = 0
    for (const [i, record] of records.entries()) {
      reached = Math.max(reached, record.timestamp)
      const wanted = (Math.floor(reached / batch) + 1) * batch
      const actual = ledger.entries.get(name)?.[i]?.time
      if (actual === wanted) continue
      monitor.violation(`${name}: offset ${record.offset} is under T = ${actual} instead of ${wanted} (I2)`)
      break
    }
  }
}

/** The row names four at most; as many may be left of which it has taken the turn, until they come. */
const FEW = 8

/** What may leave one more under way: whoever is asked twice, or dies between message and row. */
const EXCUSES: readonly Path[] = [
  'wake-up armed twice at once',
  'a wake-up delivered twice',
  'a wake-up that killed',
  'a wake-up late',
  'a wake-up lost for a while',
  'a process died',
  'an invocation timed out',
]

/** That wake-ups are one per job and interval, when nobody is at work: not one for each commit. */
export function checkWakeUps({ wakeUps, coverage, faults, monitor, now }: World): void {
  const underWay = wakeUps.filter(({ due }) => due > now).length
  const excused = EXCUSES.reduce((sum, path) => sum + (coverage.paths.get(path) ?? 0), faults.taken.length)
  if (underWay > FEW + excused)
    monitor.violation(`${underWay} wake-ups are under way, and no more than ${FEW + excused} can be explained`)
}

/** Silence counts, all is closed, seals are written, and a wake-up sees that all is: so many times `idleAfter` at most. */
const ROUNDS = 4
/** Clocks that are apart, wake-ups that were armed for what has been done since. */
const SLACK = 30_000

/** That what has come is closed soon. @param since when the last record had come */
export function checkClosedInTime({ job, monitor, ledger }: World, since: number): void {
  const late = monitor.logs.closedAt - Math.max(since, ledger.lastOpen)
  if (isLate(late, job.settings))
    monitor.violation(`T = ${ledger.lastOpen} is closed only ${late} ms after it could be`)
}

/** That the job has come to rest soon after the last that it had to do. @param since when the last record had come */
export function checkRestInTime({ job, monitor, effects, mirror, now }: World, since: number): void {
  const late = now - Math.max(since, monitor.logs.lastDone, effects.lastAt, mirror.lastAt)
  if (isLate(late, job.settings))
    monitor.violation(`the job comes to rest only ${late} ms after the last that it had to do`)
}

function isLate(late: number, { batch, idle, idleAfter }: JobSettings): boolean {
  return idle === 'pause' && late > ROUNDS * idleAfter + SLACK + 10 * batch
}

/**
 * That nothing is left to do: no wake-up armed, all batches closed, all logs sealed.
 *
 * @param stages those that there is code for: logs of others are let expire
 */
export async function checkRest(
  { job, wakeUps, monitor, rawTable, ledger, effects, mirror }: World,
  stages?: ReadonlySet<string>,
): Promise<void> {
  const { logs } = monitor
  if (logs.closedUntil < ledger.lastOpen)
    monitor.violation(`at rest T = ${ledger.lastOpen} is not closed, only ${logs.closedUntil}`)
  if (job.settings.idle === 'run') return
  for (const id of monitor.calls.left) monitor.violation(`at rest ${id} was not called`)
  if (wakeUps.length > 0) monitor.violation('at rest wake-ups are left')
  effects.checkRest(stages)
  mirror.checkRest()
  for (const [name, { record }] of logs.heads) {
    const [stage, task] = splitName(name)
    if (stages && !stages.has(stage)) continue
    const head = await rawTable.head({ job: job.name, stage, task })
    if (!head) monitor.violation(`at rest the log of ${name} is empty`)
    // A bucket that nothing has fallen into has its birth, which does not expire either.
    else if (
      (record.kind !== 'seal' && record.kind !== 'sleep' && !(isBucketCommit(record) && record.kind === 'birth')) ||
      head.expiresAt !== undefined
    )
      monitor.violation(`at rest ${name} is not sealed: its head is a ${record.kind}`)
    if (isBucketCommit(record) && record.closedUntil > logs.closedUntil)
      monitor.violation(`${name} is ahead of the rest`)
  }
}

/**
 * That what was published is what the same records give without faults.
 *
 * @param until of a job that never rests, only batches up to here
 */
export function comparePublished({ monitor, job }: World, actual: Published, wanted: Published, until: number): void {
  for (const name of actual.unfinished) {
    if (job.settings.idle !== 'run') monitor.violation(`at rest ${name} has no _SUCCESS (I3)`)
  }
  for (const [output, times] of wanted.outputs) {
    const found = actual.outputs.get(output) ?? new Map<number, readonly string[]>()
    for (const time of [...new Set([...times.keys(), ...found.keys()])].sort((a, b) => a - b)) {
      if (time > until) break
      compare(`${output} at T = ${time}`, found.get(time), times.get(time))
    }
  }
  compare('what is in quarantine', actual.quarantined, wanted.quarantined)

  function compare(what: string, found: readonly string[] | undefined, reference: readonly string[] | undefined): void {
    const [a, b] = [inWords(found), inWords(reference)]
    if (a !== b) monitor.violation(`${what}: ${shorten(a)} instead of ${shorten(b)} (I1, I2)`)
  }
}

/** That functions were called with what the same records give without faults, and with all of it. */
export function compareCalls({ monitor }: World, reference: World, until: number): void {
  const [actual, wanted] = [monitor.calls.byBatch(until), reference.monitor.calls.byBatch(until)]
  for (const name of new Set([...actual.keys(), ...wanted.keys()])) {
    const [a, b] = [actual.get(name) ?? 'nothing', wanted.get(name) ?? 'nothing']
    if (a !== b) monitor.violation(`calls of ${name}: ${shorten(a)} instead of ${shorten(b)} (I1, I2)`)
  }
}

/** That the same was printed, however often. Which lines of many are shown depends on the order that they have in a bucket. */
export function comparePrinted({ monitor, printed }: World, reference: World, until: number): void {
  const [actual, wanted] = [distinct(printed, until), distinct(reference.printed, until)]
  for (const text of wanted) if (!actual.has(text)) monitor.violation(`${text} was not printed (I3)`)
  for (const text of actual) if (!wanted.has(text)) monitor.violation(`${text} was printed (I1, I2)`)
}

function distinct(printed: readonly string[], until: number): Set<string> {
  const all = printed.filter((text) => Number(/Time: (\d+) ms/.exec(text)?.[1]) <= until)
  return new Set(
    all.map((text) => {
      const lines = text.trimEnd().split('\n')
      const shown = lines.slice(3)
      return [lines[1], ...(shown.at(-1) === '...' ? [`${shown.length - 1} lines and more`] : shown.sort())].join('\n')
    }),
  )
}

function inWords(lines: readonly string[] | undefined): string {
  return lines === undefined ? 'nothing, not even _SUCCESS' : JSON.stringify(lines)
}

function shorten(text: string): string {
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}… (${text.length} characters)`
}
