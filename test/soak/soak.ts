// A soak: two jobs on real parts for as long as asked, with everything going wrong that a seed can draw, and then the account.

import { setTimeout as sleep } from 'node:timers/promises'
import { type ProxyFault, SOME_FAULTS } from '../../infra/proxy.ts'
import { seededRandom } from '../../src/testing/simulation/random.ts'
import { Chaos, type Mischief, type Victims } from './chaos.ts'
import { eventValue, wordsValue } from './data.ts'
import { accountTables, type DatabaseAccount, query, readDatabase, TABLES } from './database.ts'
import { describePartitions, moveLeader, quietKafka } from './elect-leaders.ts'
import { type EventsAccount, EventsCheck } from './events-check.ts'
import { events } from './functions/events.ts'
import { words } from './functions/words.ts'
import { RunningJob, type SoakJob } from './running-job.ts'
import { type SoakStage, startStage } from './stage.ts'
import { readTopic } from './topic.ts'
import { type WordsAccount, WordsCheck } from './words-check.ts'

export interface SoakOptions {
  readonly minutes: number
  readonly seed: number
  /** Records a second of the stateless job; the other gets a fifth. */
  readonly rate: number
  /** No faults at all: what a soak costs, and whether it finds fault with a run that has none. */
  readonly calm: boolean
  readonly onProgress: (progress: Progress) => void
  readonly onNote: (note: string) => void
}

export interface JobProgress {
  readonly name: string
  readonly produced: number
  readonly committed: number
  readonly objects: number
  readonly invocations: number
}

export interface Progress {
  readonly seconds: number
  readonly phase: 'load' | 'drain'
  readonly jobs: readonly JobProgress[]
  readonly mischief: ReadonlyMap<Mischief, number>
  readonly spoilt: number
  readonly violations: number
}

export interface JobLedger extends JobProgress {
  /** In the topic; at least what Kafka has acknowledged. */
  readonly inTopic: number
  readonly acknowledged: number
  readonly batches: number
  readonly failures: ReadonlyMap<string, number>
  readonly listings: number
  readonly wakeUps: number
  /** Silent partitions that were moved on. */
  readonly movedOn: number
  readonly repeated: number
}

export interface Ledger {
  readonly seconds: number
  readonly events: JobLedger & EventsAccount
  readonly words: JobLedger & WordsAccount
  readonly database: DatabaseAccount
  readonly mischief: ReadonlyMap<Mischief, number>
  readonly recoveries: readonly number[]
  readonly killed: number
  readonly calls: number
  readonly spoilt: ReadonlyMap<ProxyFault, number>
  readonly violations: readonly string[]
}

/** How long the jobs have to get everything done once the faults are over. */
const DRAIN_MS = 15 * 60_000

export async function runSoak(options: SoakOptions): Promise<Ledger> {
  const stage = await startStage(options.seed)
  const soak = new Soak(options, stage)
  try {
    return await soak.run()
  } finally {
    await soak.stop()
    await stage.stop()
  }
}

class Soak {
  readonly #options: SoakOptions
  readonly #stage: SoakStage
  readonly #violations = new Set<string>()
  readonly #started = performance.now()
  readonly #eventsCheck: EventsCheck
  readonly #wordsCheck = new WordsCheck()
  readonly #specs: readonly [SoakJob, SoakJob]
  readonly #done = new AbortController()
  #jobs: RunningJob[] = []
  #chaos: Chaos | undefined
  #phase: Progress['phase'] = 'load'
  #killed = 0

  constructor(options: SoakOptions, stage: SoakStage) {
    this.#options = options
    this.#stage = stage
    this.#eventsCheck = new EventsCheck(6)
    const { rate } = options
    this.#specs = [
      {
        job: events,
        module: new URL('./functions/events.ts', import.meta.url),
        variable: 'EVENTS',
        partitions: 6,
        rate,
        toValue: eventValue,
        take: (...part) => this.#eventsCheck.take(...part),
      },
      {
        job: words,
        module: new URL('./functions/words.ts', import.meta.url),
        variable: 'WORDS',
        partitions: 4,
        rate: Math.ceil(rate / 5),
        toValue: wordsValue,
        take: (...part) => this.#wordsCheck.take(...part),
      },
    ]
  }

  async run(): Promise<Ledger> {
    const { minutes, seed, calm, onNote } = this.#options
    const kafka = quietKafka(this.#stage.cluster.bootstrap)
    await query(this.#stage.postgres.url, TABLES)
    for (const spec of this.#specs) {
      this.#jobs.push(
        await RunningJob.create(spec, this.#stage, kafka, (violation) => this.#violate(violation), onNote),
      )
    }
    for (const job of this.#jobs) await job.start()
    void this.#report()
    const random = seededRandom(seed)
    this.#chaos = new Chaos({
      random,
      victims: this.#victims(),
      recovered: () => this.#recovered(),
      onNote: (note) => onNote(`${String(this.#seconds()).padStart(5)} s ${note}`),
    })
    const end = performance.now() + minutes * 60_000
    if (!calm) {
      this.#stage.setFaults(SOME_FAULTS)
      this.#chaos.start()
    }
    while (performance.now() < end) await sleep(200)
    await this.#chaos.stop()

    this.#phase = 'drain'
    this.#stage.setFaults({})
    await Promise.all(this.#jobs.map(({ producer }) => producer.stop()))
    await this.#atRest()
    await Promise.all(this.#jobs.map(({ reader }) => reader.stop()))
    this.#done.abort()
    return this.#account()
  }

  async stop(): Promise<void> {
    this.#done.abort()
    await this.#chaos?.stop()
    await Promise.all(this.#jobs.map((job) => job.queue.stop()))
    await Promise.all(this.#jobs.map((job) => job.fleet.stop()))
  }

  #violate(violation: string): void {
    if (this.#violations.has(violation)) return
    this.#violations.add(violation)
    // The first ones say what is wrong; thousands would only hide them.
    if (this.#violations.size <= 50) this.#options.onNote(`VIOLATION ${violation}`)
  }

  #victims(): Victims {
    const { cluster, postgres } = this.#stage
    const job = (draw: number): RunningJob => {
      const found = this.#jobs[draw % this.#jobs.length]
      if (!found) throw new Error('no job')
      return found
    }
    const index = (draw: number): number => Math.floor(draw / 10)
    return {
      'kill functions': async (draw) => {
        this.#killed += await job(draw).fleet.killFunctions(index(draw), draw % 150)
      },
      'freeze a function': (draw) => job(draw).fleet.freeze(index(draw), 500 + (draw % 4000)),
      'spurious wake-up': (draw) => job(draw).queue.spurious(job(draw).name),
      'kill a broker': async (draw) => {
        const id = 1 + (draw % 3)
        await cluster.kill(id)
        await sleep(500 + (draw % 6000))
        await cluster.restart(id)
      },
      'kill the database': async (draw) => {
        await postgres.kill()
        await sleep(500 + (draw % 5000))
        await postgres.restart()
      },
      'move leaders': async (draw) => {
        const kafka = quietKafka(cluster.bootstrap)
        const { topic } = job(draw)
        const ports = cluster.brokers.map(({ port }) => port)
        for (const partition of await describePartitions(kafka, topic)) {
          if ((draw >> partition.partitionId) % 2 === 0) await moveLeader(kafka, ports, topic, partition)
        }
      },
      'abandon a poller': (draw) => job(draw).fleet.abandon(index(draw), 0),
      'abandon a frozen poller': (draw) => job(draw).fleet.abandon(index(draw), 2000 + (draw % 15_000)),
      'add a poller': async (draw) => {
        if (job(draw).fleet.size < 4) await job(draw).fleet.add()
      },
      'dismiss a poller': (draw) => job(draw).fleet.dismiss(index(draw)),
    }
  }

  /** All brokers are up with all replicas in sync, and no partition is more than some 10 s of records behind. */
  async #recovered(): Promise<boolean> {
    const { cluster } = this.#stage
    if (cluster.brokers.length < 3) return false
    const kafka = quietKafka(cluster.bootstrap)
    for (const job of this.#jobs) {
      const partitions = await describePartitions(kafka, job.topic)
      if (partitions.some(({ isr }) => isr.length < 3)) return false
      const { rate } = job.producer.upstream
      const bound = Math.max(20, (10 * rate) / job.partitions)
      if ((await job.lags()).some((lag) => lag > bound)) return false
    }
    return true
  }

  /** Waits until everything is consumed and closed and no wake-up is left. */
  async #atRest(): Promise<void> {
    const deadline = performance.now() + DRAIN_MS
    const late = (): boolean => performance.now() > deadline
    for (const job of this.#jobs) {
      while (!late() && (await job.lags().catch(() => [1])).some((lag) => lag > 0)) await sleep(500)
      // In flight, in the queue, or just between the two: at rest is what stays so for a while.
      for (let quiet = 0; quiet < 10 && !late(); await sleep(300)) {
        quiet = (await job.queue.empty().catch(() => false)) ? quiet + 1 : 0
      }
    }
    if (late()) this.#violate(`the jobs have not come to rest within ${DRAIN_MS / 60_000} minutes`)
  }

  async #account(): Promise<Ledger> {
    const [eventsJob, wordsJob] = this.#jobs
    if (!eventsJob || !wordsJob) throw new Error('no jobs')
    const kafka = quietKafka(this.#stage.cluster.bootstrap)
    const violate = (violation: string): void => this.#violate(violation)
    const topics = []
    for (const job of this.#jobs) {
      await job.commits.refresh()
      const records = await readTopic(kafka, job.topic, job.partitions)
      topics.push(records)
      for (const batch of job.unclosed) violate(`${batch} has parts and no _SUCCESS`)
      const inTopic = records.reduce((sum, list) => sum + list.length, 0)
      if (job.commits.committed !== inTopic) {
        violate(`${job.name}: its logs have ${job.commits.committed} records, the topic ${inTopic}`)
      }
      const ids = new Set(records.flat().map(({ value }) => Number.parseInt(value, 10)))
      if (ids.size !== job.producer.acknowledged) {
        violate(`${job.topic} holds ${ids.size} ids, Kafka has acknowledged ${job.producer.acknowledged}`)
      }
    }
    const [eventsTopic = [], wordsTopic = []] = topics
    const { calls, counts } = this.#stage.spoilt()
    return {
      seconds: this.#seconds(),
      events: {
        ...this.#ledgerOf(eventsJob, eventsTopic),
        ...this.#eventsCheck.account(eventsTopic, eventsJob.movedOn, violate),
      },
      words: {
        ...this.#ledgerOf(wordsJob, wordsTopic),
        ...this.#wordsCheck.account(wordsTopic, wordsJob.movedOn, violate),
      },
      database: accountTables(await readDatabase(this.#stage.postgres.url), eventsTopic, eventsJob.movedOn, violate),
      mischief: this.#chaos?.counts ?? new Map(),
      recoveries: this.#chaos?.recoveries ?? [],
      killed: this.#killed,
      calls,
      spoilt: counts,
      violations: [...this.#violations],
    }
  }

  #ledgerOf(job: RunningJob, topic: readonly (readonly unknown[])[]): JobLedger {
    return {
      ...progressOf(job),
      inTopic: topic.reduce((sum, list) => sum + list.length, 0),
      acknowledged: job.producer.acknowledged,
      batches: job.commits.batches,
      failures: job.fleet.failures,
      listings: job.reader.listings,
      wakeUps: job.queue.handled,
      movedOn: [...job.commits.movedOn.values()].flat().length,
      repeated: job.producer.repeated,
    }
  }

  async #report(): Promise<void> {
    while (!this.#done.signal.aborted) {
      await sleep(10_000, undefined, { signal: this.#done.signal }).catch(() => undefined)
      if (this.#done.signal.aborted) return
      await Promise.all(this.#jobs.map(({ commits }) => commits.refresh().catch(() => undefined)))
      this.#options.onProgress({
        seconds: this.#seconds(),
        phase: this.#phase,
        jobs: this.#jobs.map(progressOf),
        mischief: this.#chaos?.counts ?? new Map(),
        spoilt: [...this.#stage.spoilt().counts.values()].reduce((sum, count) => sum + count, 0),
        violations: this.#violations.size,
      })
    }
  }

  #seconds(): number {
    return Math.round((performance.now() - this.#started) / 1000)
  }
}

function progressOf(job: RunningJob): JobProgress {
  return {
    name: job.name,
    produced: job.producer.produced,
    committed: job.commits.committed,
    objects: job.reader.parts,
    invocations: job.fleet.invocations,
  }
}
