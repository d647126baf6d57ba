// Runs a random job on the real runtime: the handler of `lambda()` in simulated processes over tables and objects in memory. Events
// are cut and interleaved at random, come twice, are moved back, meet two processes at once, and processes die; between
// sessions and at the end everything is delivered and the job comes to rest.

import { setImmediate as nextMacrotask } from 'node:timers/promises'
import { readObjects } from '../../src/testing/memory-environment.ts'
import { acknowledge, type Delivery, Partition, takeNext } from '../../src/testing/simulation/event-source.ts'
import { turns } from '../../src/testing/simulation/faults.ts'
import { SimulatedProcess } from '../../src/testing/simulation/process.ts'
import { derivedRandom, type Random, seededRandom } from '../../src/testing/simulation/random.ts'
import { FAULTS, type Fault } from '../../src/testing/simulation/troubles.ts'
import { World } from '../../src/testing/simulation/world.ts'
import { defined } from '../support/definition.ts'
import { eventRecord } from '../support/kafka-events.ts'
import { wakeUpEvent } from '../support/rest.ts'
import { buildJob, type Hear, RESULTS } from './build-job.ts'
import { TOPICS } from './elaborate.ts'
import type { Element } from './functions.ts'
import { BATCH, type JobAst } from './job-ast.ts'
import {
  type Growth,
  layOut,
  type RandomStream,
  type Schedule,
  type Session,
  SPAN,
  type TimedRecord,
} from './random-stream.ts'
import { batchTimesOf, type ReferenceRecord } from './reference.ts'

/** The job's name. */
const NAME = 'simulated'
const START = 60_000_000
/** With `idle: 'run'`, how many batches without data are looked at after the last session. */
const TAIL = 14
const PATIENCE = 400

export interface JobRun {
  readonly records: readonly ReferenceRecord[]
  /** The last batch time that is closed for sure. */
  readonly until: number
  /** Result objects by key. */
  readonly objects: ReadonlyMap<string, string>
  readonly printed: readonly string[]
  /** What `foreachRDD` was called with, in the order of the calls; some of them have failed. */
  readonly told: readonly Told[]
  /** Of I1, I3 and rest, as far as the simulator's monitor sees them. */
  readonly violations: readonly string[]
}

/** A call of `foreachRDD`. */
export interface Told {
  readonly time: number
  readonly elements: readonly Element[]
}

export async function runJob(ast: JobAst, stream: RandomStream, schedule: Schedule): Promise<JobRun> {
  const run = new Run(ast, stream, schedule)
  for (const session of stream.sessions) await run.session(session)
  return run.result()
}

/** The topics that a job reads. */
export function topicsOf({ nodes }: JobAst): string[] {
  return TOPICS.filter((topic) => nodes.some((node) => node.op === 'source' && node.topics.includes(topic)))
}

class Run {
  readonly #ast: JobAst
  readonly #schedule: Schedule
  readonly #random: Random
  readonly #world: World
  readonly #topics: readonly string[]
  readonly #growth: Growth
  /** Partitions of each topic, in the end and at present. */
  readonly #most: ReadonlyMap<string, number>
  #counts: ReadonlyMap<string, number>
  #sessions = 0
  readonly #partitions: ReadonlyMap<string, Partition>
  /** By partition, when its records are produced. */
  readonly #producedAt = new Map<string, number[]>()
  readonly #records: ReferenceRecord[] = []
  readonly #told: Told[] = []
  readonly #idleAfter: number
  #processes: SimulatedProcess[] = []
  #started = 0
  readonly #underWay = new Set<Promise<unknown>>()
  readonly #past: Delivery['event'][] = []

  constructor(ast: JobAst, stream: RandomStream, schedule: Schedule) {
    this.#ast = ast
    this.#schedule = schedule
    this.#random = seededRandom(schedule.seed)
    // Nobody is silent for that long while records are left, so contents are the records' alone (I2).
    const isLive = stream.sessions.some(({ pace }) => pace === 'live')
    this.#idleAfter = (isLive ? SPAN + 2 : 2) * BATCH
    this.#topics = topicsOf(ast)
    const counts = TOPICS.flatMap((topic, i) =>
      this.#topics.includes(topic) ? [[topic, stream.partitions[i] ?? 1] as const] : [],
    )
    this.#growth = stream.growth
    this.#most = new Map(counts)
    this.#counts = this.#most
    const partitions = counts.flatMap(([topic, count]) =>
      Array.from({ length: count }, (_, i) => new Partition(topic, i, [])),
    )
    this.#partitions = new Map(partitions.map((partition) => [partition.name, partition]))
    this.#world = new World(this.#random, {
      job: defined(buildJob(ast, NAME, this.#idleAfter, () => {})),
      start: START,
      faults: { kinds: kindsOf(schedule), probability: schedule.faults ? 0.015 : 0, except: new Set() },
      recordsOf: (task, from, until) => this.#partitions.get(task)?.slice(from, until) ?? [],
      trace: false,
    })
    this.#world.faults.enabled = false
  }

  async session(session: Session): Promise<void> {
    const world = this.#world
    const base = world.now + (session.records[0]?.after ?? 0)
    this.#sessions++
    if (this.#growth === 'growing') {
      this.#counts = new Map([...this.#most].map(([topic, count]) => [topic, Math.min(count, this.#sessions)]))
    }
    const end = base + (SPAN + 3) * BATCH
    this.#append(layOut(session, this.#counts, this.#topics), base)
    world.now = session.pace === 'old' ? end : base
    this.#produce()
    // All partitions at once and nobody else: else who comes first would move on the others, which have been silent.
    const some = this.#growth === 'learned' ? this.#random.some(this.#pending) : []
    await this.#deliver(takeNext(some.length > 0 ? some : this.#pending, this.#random, 3))
    world.faults.enabled = true
    for (let patience = PATIENCE; this.#left > 0 && patience > 0; patience--) {
      this.#act()
      if (!this.#schedule.concurrency) await this.#settle()
      else await turns(this.#random.int(0, this.#random.chance(0.2) ? 1500 : 100))
    }
    await this.#quiesce()
    await this.#rest(end)
  }

  async result(): Promise<JobRun> {
    const world = this.#world
    const until = world.now
    // What comes after every empty batch is another empty batch: enough of them, and all of these closed.
    if (this.#ast.idle === 'run') await this.#rest(until + TAIL * BATCH)
    // What has failed is tried again only after a while.
    for (let more = 0; more < 10 && !this.#isTold(until); more++) await this.#rest(world.now + 2 * TAIL * BATCH)
    return {
      records: this.#growth === 'learned' ? this.#committed() : this.#records,
      until: Math.floor(until / BATCH) * BATCH,
      objects: await readObjects(world.rawObjects, RESULTS),
      printed: world.printed,
      told: this.#told,
      violations: world.monitor.violations,
    }
  }

  #isTold(until: number): boolean {
    const { idle, nodes, told } = this.#ast
    const slide = told === undefined ? undefined : nodes[told]?.slide
    return idle === 'pause' || slide === undefined || (this.#told.at(-1)?.time ?? 0) > until - slide * BATCH
  }

  /**
   * The records with the batches that they were committed under. Those of a partition that is learned late join the oldest open
   * batch: which one that is depends on how far the others were.
   */
  #committed(): ReferenceRecord[] {
    const { ledger, monitor } = this.#world
    return [...this.#partitions].flatMap(([name, { topic, partition }]) => {
      const records = this.#records.filter((record) => record.topic === topic && record.partition === partition)
      const entries = ledger.entries.get(name) ?? []
      if (entries.length !== records.length)
        monitor.violation(`${name}: ${entries.length} of ${records.length} records`)
      const earliest = batchTimesOf(records)
      return records.map((record, i) => {
        const time = entries[i]?.time ?? 0
        if (time < (earliest[i] ?? 0)) monitor.violation(`${name}: offset ${i} is in ${time}, before its time`)
        return { ...record, time }
      })
    })
  }

  /** What it writes down stays although it fails after that: a user's table takes the same twice. */
  readonly #hear: Hear = (time, elements) => {
    const fails = this.#world.faults.enabled && this.#schedule.faults ? this.#random.next() : 1
    if (fails < 0.1) throw new Error('flaky before it is written')
    this.#told.push({ time, elements })
    if (fails < 0.2) throw new Error('flaky after it is written')
  }

  #append(records: readonly TimedRecord[], base: number): void {
    for (const { topic, partition: number, at, timestamp, value } of records) {
      const name = `${topic}-${number}`
      const partition = this.#partitions.get(name)
      if (partition === undefined) throw new Error(`no partition ${name}`)
      const record = { offset: partition.records.length, timestamp: base + timestamp, value }
      partition.records.push(eventRecord(topic, number, record))
      this.#producedAt.set(name, [...(this.#producedAt.get(name) ?? []), base + at])
      this.#records.push({ topic, partition: number, timestamp: base + timestamp, value })
    }
  }

  #produce(): void {
    for (const [name, partition] of this.#partitions) {
      const times = this.#producedAt.get(name) ?? []
      partition.produced = times.filter((at) => at <= this.#world.now).length
    }
  }

  get #pending(): Partition[] {
    return [...this.#partitions.values()].filter(({ busy, pending }) => !busy && pending > 0)
  }

  /** Only commits arm wake-ups, so none comes before the first. */
  get #hasCommitted(): boolean {
    return this.#world.ledger.entries.size > 0
  }

  /** Records that are not acknowledged, produced or not. */
  get #left(): number {
    return [...this.#partitions.values()].reduce((sum, { records, next }) => sum + records.length - next, 0)
  }

  #act(): void {
    const { duplicates, restarts, concurrency } = this.#schedule
    const random = this.#random
    const what = random.next()
    if (what < 0.15 || this.#pending.length === 0) this.#goOn()
    if (what < 0.1 && duplicates) this.#launch(this.#process().invoke(random.pick(this.#past)))
    else if (what < 0.15 && duplicates) this.#rewind()
    else if (what < 0.22 && concurrency && this.#hasCommitted) this.#launch(this.#wake(this.#world.now))
    else if (what < 0.27 && restarts) this.#kill()
    else if (what < 0.35) this.#world.faults.release(0.5, this.#random)
    else this.#deliverSome()
  }

  /** The clock goes on to the next record. */
  #goOn(): void {
    const { now } = this.#world
    const next = Math.min(...[...this.#producedAt.values()].flat().filter((at) => at > now))
    if (next < Number.POSITIVE_INFINITY) this.#world.now = next
    this.#produce()
  }

  #deliverSome(): void {
    const ready = this.#random.some(this.#pending)
    if (ready.length > 0) this.#launch(this.#deliver(takeNext(ready, this.#random, this.#random.pick([1, 3, 10]))))
  }

  async #deliver(delivery: Delivery): Promise<void> {
    if (delivery.parts.length === 0) return
    for (const { partition } of delivery.parts) partition.busy = true
    this.#past.push(delivery.event)
    acknowledge(delivery, await this.#process().invoke(delivery.event))
  }

  #rewind(): void {
    const partition = this.#random.pick([...this.#partitions.values()])
    if (!partition.busy && partition.next > 0) partition.next = this.#random.int(0, partition.next)
  }

  #kill(): void {
    if (this.#processes.length > 0) this.#random.pick(this.#processes).kill()
  }

  #launch(work: Promise<unknown>): void {
    const done = work.then(() => void this.#underWay.delete(done))
    this.#underWay.add(done)
  }

  /** Until nothing is under way; who hangs goes on in the end, since others may be waiting behind. */
  async #settle(): Promise<void> {
    for (let rounds = 0; this.#underWay.size > 0; rounds++) {
      await turns(300)
      if (rounds > 3) await nextMacrotask()
      if (rounds > 10) this.#world.faults.release(1, this.#random)
    }
  }

  async #wake(at: number): Promise<boolean> {
    return (await this.#process().invoke(wakeUpEvent(NAME, at))) !== 'failed'
  }

  /** Nothing fails any more, and what is left is delivered. */
  async #quiesce(): Promise<void> {
    const { faults, monitor } = this.#world
    faults.enabled = false
    faults.release(1, this.#random)
    for (const process of this.#processes) await process.settle()
    await Promise.all(this.#underWay)
    for (let patience = PATIENCE; this.#left > 0; patience--) {
      if (patience === 0) return monitor.violation('records are not taken')
      if (this.#pending.length === 0) this.#goOn()
      await this.#deliver(takeNext(this.#pending, this.#random, 20))
    }
  }

  /** Wake-ups until none is left; with `idle: 'run'`, which is never at rest, until the clock has passed `end` by far. */
  async #rest(end: number): Promise<void> {
    const world = this.#world
    const { wakeUps } = world
    const { restarts, concurrency, duplicates } = this.#schedule
    for (let patience = PATIENCE; wakeUps.length > 0; patience--) {
      if (patience === 0) return world.monitor.violation('the job does not come to rest')
      if (this.#ast.idle === 'run' && world.now > end + 2 * this.#idleAfter) return
      if (restarts && this.#random.chance(0.3)) this.#kill()
      const due = wakeUps.reduce((a, b) => (b.due < a.due ? b : a))
      world.now = Math.max(world.now, due.due)
      const twice = concurrency && this.#random.chance(0.3)
      const [done] = await Promise.all([this.#wake(due.at), ...(twice ? [this.#wake(due.at)] : [])])
      if (done && !(duplicates && this.#random.chance(0.1))) wakeUps.splice(wakeUps.indexOf(due), 1)
    }
  }

  /** One that is not busy, or a new one. */
  #process(): SimulatedProcess {
    const { restarts, concurrency } = this.#schedule
    this.#processes = this.#processes.filter(({ alive }) => alive)
    const idle = this.#processes.filter(({ busy }) => busy === 0 || (concurrency && this.#random.chance(0.05)))
    if (idle.length > 0 && !(restarts && this.#random.chance(0.15))) return this.#random.pick(idle)
    const job = defined(buildJob(this.#ast, NAME, this.#idleAfter, this.#hear))
    const process = new SimulatedProcess(`process-${++this.#started}`, job, this.#world, {
      reportFailures: this.#random.chance(0.3),
      partitions: this.#growth === 'learned' ? new Map() : this.#counts,
      code: this.#random.pick(['v1', 'v2']),
      skew: 0,
      random: derivedRandom(this.#schedule.seed, this.#started),
      allows: isFlaky,
    })
    this.#processes.push(process)
    return process
  }
}

/** Of an error or of what is logged of it. */
function isFlaky(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'message' in error && String(error.message).includes('flaky')
}

function kindsOf({ faults, staleReads }: Schedule): readonly Fault[] {
  return FAULTS.filter((kind) => (kind === 'stale' ? staleReads : faults))
}
