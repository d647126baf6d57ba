// Runs one scenario: events, zombies, crashes and wake-ups in random order, then peace until the job is at rest.

import type { KafkaEvent } from '../../lambda/kafka-event.ts'
import { shareMessage, wakeUpMessage } from '../../lambda/sqs-waker.ts'
import type { Share } from '../../runtime/environment.ts'
import type { Job } from '../../stream/job.ts'
import { acknowledge, type Delivery, Partition, takeNext } from './event-source.ts'
import { turns } from './faults.ts'
import { HelpRequests } from './help-requests.ts'
import { type Answer, SimulatedProcess } from './process.ts'
import { derivedRandom, type Random } from './random.ts'
import type { Scenario } from './scenario.ts'
import { type WakeUp, World } from './world.ts'

/** Wake-ups and deliveries after which peace should long have come. */
const PATIENCE = 1000

/** What is left out of a run, to find out what it takes to fail. */
export interface Omissions {
  /** Steps, by number over all phases. */
  readonly steps: ReadonlySet<number>
  /** Faults, by the id of the call. */
  readonly faults: ReadonlySet<string>
  /** Records, by partition and offset: `lines-0/17`. */
  readonly records: ReadonlySet<string>
}

export interface SimulationOptions {
  /** The versions of the job's code, in the order of their deployment; each process gets one of its own. */
  readonly versions: readonly ((random: Random) => Job)[]
  readonly allows: (error: unknown) => boolean
  readonly omit: Omissions
  readonly trace: boolean
}

/** Numbers of steps: those of the second phase begin here. */
const PHASE = 10_000
/** Numbers of processes that were started to help begin here. */
const HELPERS = 1_000_000
/** Streams of random numbers. */
const STEP = 1
const PROCESS = 2
const PEACE = 3

export class Simulation {
  readonly world: World
  readonly partitions: readonly Partition[]
  /** Steps that were gone. */
  readonly steps: number[] = []
  readonly #scenario: Scenario
  readonly #options: SimulationOptions
  readonly #added: Set<Partition>
  #processes: SimulatedProcess[] = []
  #started = 0
  #phase = 0
  #version = 0
  readonly #underWay = new Set<Promise<void>>()
  readonly #past: KafkaEvent[] = []
  readonly #delivered = new Set<WakeUp>()
  readonly #requests: HelpRequests
  #helpers = 0

  constructor(scenario: Scenario, options: SimulationOptions) {
    const { seed, job, faults: kinds, faultProbability: probability, start } = scenario
    this.#scenario = scenario
    this.#options = options
    this.partitions = scenario.partitions.map(
      ({ topic, partition, records }) => new Partition(topic, partition, records),
    )
    const named = new Map(this.partitions.map((partition) => [partition.name, partition]))
    this.world = new World(derivedRandom(seed, 0), {
      job,
      start,
      faults: { kinds, probability, except: options.omit.faults },
      recordsOf: (task, from, until) => named.get(task)?.slice(from, until) ?? [],
      trace: options.trace,
    })
    this.#requests = new HelpRequests(seed, this.world, (share, random) =>
      this.#launch(this.#deliverShare(share, random)),
    )
    this.#added = new Set(this.partitions.filter((_, i) => scenario.partitions[i]?.addedAt === 0))
  }

  /** The wild part. */
  async run(): Promise<void> {
    const { seed, steps, skew } = this.#scenario
    if (skew > 0) this.world.coverage.path('clocks apart')
    this.world.faults.enabled = true
    for (let n = 0; n < steps; n++) {
      const step = this.#phase * PHASE + n
      this.#addPartitions(n)
      if (this.#options.omit.steps.has(step)) continue
      this.steps.push(step)
      const random = derivedRandom(seed, STEP, step)
      this.#started = step
      this.#act(n, random)
      await turns(random.chance(0.2) ? random.int(0, 1500) : random.int(0, 100))
    }
  }

  /** Peace: nothing fails any more, everything is delivered, and wake-ups come until none is left. */
  async quiesce(): Promise<void> {
    const random = derivedRandom(this.#scenario.seed, PEACE, this.#phase)
    const { faults, monitor, wakeUps, trace } = this.world
    trace?.tell('From here on nothing fails any more.')
    this.#started = (this.#phase + 1) * PHASE - 5000
    faults.enabled = false
    faults.release(1, random)
    for (const process of this.#processes) {
      process.thaw()
      await process.settle()
    }
    await Promise.all(this.#underWay)
    this.#requests.deliverLate(random, 1)
    this.#addPartitions(Number.POSITIVE_INFINITY)
    for (const partition of this.partitions) partition.produced = partition.records.length
    for (const wakeUp of wakeUps) wakeUp.due = Math.min(wakeUp.due, Math.max(wakeUp.at, this.world.now))
    let patience = PATIENCE
    for (;;) {
      const pending = this.partitions.filter((partition) => partition.pending > 0)
      if (pending.length === 0 || patience-- === 0) break
      const some = random.some(pending)
      await this.#deliver(takeNext(some.length > 0 ? some : pending, random, 20), random)
    }
    // One at least: what is closed may not be done yet.
    for (let woken = 0; wakeUps.length > 0 && patience-- > 0 && (woken === 0 || !this.#ranLongEnough()); woken++)
      await this.wakeNext(random)
    this.#requests.deliverLate(random, 1) // when nobody needs help any more
    await Promise.all(this.#underWay)
    if (patience < 0) monitor.violation('the job does not come to rest')
  }

  /** More than the retention later, when what may expire has expired or not, records come again: to old processes or to new ones. */
  rest(): void {
    const { world } = this
    const { retention, batch } = this.#scenario.job.settings
    this.#phase++
    const random = derivedRandom(this.#scenario.seed, PEACE, this.#phase, 1)
    world.now += Math.ceil(retention * 1.15)
    world.trace?.tell('Much later, when the entries of the logs have expired, records come again.')
    const all = random.chance(0.6)
    const deleted = world.rawTable.deleteExpired(
      Math.floor(world.now / 1000),
      all ? undefined : () => random.chance(0.5),
    )
    if (deleted > 0) world.coverage.path(all ? 'expired entries deleted' : 'some expired entries deleted')
    if (random.chance(0.7)) this.killAll()
    const { partitions } = this.#scenario
    const first = Math.min(...partitions.flatMap(({ later }) => later.map(({ timestamp }) => timestamp)))
    const shift = random.chance(0.7) ? world.now - 10 * batch - first : 0
    for (const [i, partition] of this.partitions.entries()) {
      const later = partitions[i]?.later ?? []
      partition.records.push(...later.map((record) => ({ ...record, timestamp: record.timestamp + shift })))
    }
  }

  /** Moves the clock to the next wake-up, and delivers it. */
  async wakeNext(random: Random): Promise<void> {
    const due = this.world.wakeUps.reduce((a, b) => (b.due < a.due ? b : a))
    this.world.now = Math.max(this.world.now, due.due)
    await this.#wake(due, random)
  }

  invoke(event: KafkaEvent, random: Random): Promise<Answer> {
    return this.#process(random).invoke(event)
  }

  killAll(): void {
    for (const process of this.#processes) process.kill()
  }

  /** `idle: 'run'` never comes to rest. */
  #ranLongEnough(): boolean {
    const { idle, batch } = this.#scenario.job.settings
    const last = this.world.ledger.times.at(-1) ?? 0
    return idle === 'run' && this.world.monitor.logs.closedUntil >= last + 5 * batch
  }

  #act(n: number, random: Random): void {
    const { world } = this
    const { batch } = this.#scenario.job.settings
    if (this.#phase === 0 && this.#scenario.deploys.includes(n)) this.#deploy()
    this.#requests.deliverLate(random, 0.2)
    const what = random.next()
    if (what < 0.42) this.#deliverSome(random, false)
    else if (what < 0.47) this.#deliverSome(random, true)
    else if (what < 0.54) this.#replay(random)
    else if (what < 0.58) this.#rewind(random)
    else if (what < 0.7) this.#wakeWhenDue(random)
    else if (what < 0.81) world.now += Math.ceil((batch / 1000) * random.pick([1, 50, 300, 1000, 4000, 11_000]))
    else if (what < 0.84) this.#kill(random)
    else if (what < 0.87) this.#timeOut(random)
    else if (what < 0.9) this.#holdUp(random)
    else world.faults.release(0.4, random)
  }

  /** @param twice also of partitions that are being delivered at this moment: a rebalance has given them to another poller */
  #deliverSome(random: Random, twice: boolean): void {
    for (const partition of this.#added) {
      partition.produced = Math.min(partition.records.length, partition.produced + random.pick([0, 1, 2, 5, 10]))
    }
    const ready = random.some([...this.#added].filter(({ busy, pending }) => (twice || !busy) && pending > 0))
    if (ready.length === 0) return
    if (ready.some(({ busy }) => busy)) this.world.coverage.path('two pollers with one partition')
    for (const partition of ready) partition.busy = true
    this.#launch(this.#deliver(takeNext(ready, random, random.pick([1, 3, 10])), random))
  }

  /** An old event, once more, and nobody waits for the answer: a duplicate, or a zombie's work. */
  #replay(random: Random): void {
    if (this.#past.length === 0) return
    this.world.coverage.path('an old event delivered again')
    this.#launch(this.#process(random).invoke(random.pick(this.#past)))
  }

  #rewind(random: Random): void {
    const partition = random.pick(this.partitions)
    if (partition.busy || partition.next <= partition.first) return
    partition.next = random.int(partition.first, partition.next)
    this.world.coverage.path('a partition moved back')
    this.world.trace?.tell(`the event source moves ${partition.name} back to ${partition.next}`)
  }

  #wakeWhenDue(random: Random): void {
    const { world } = this
    const next = Math.min(...world.wakeUps.map(({ due }) => due))
    // Sometimes nothing arrives for so long that the next wake-up comes.
    if (this.#scenario.pace !== 'exact' && Number.isFinite(next) && random.chance(this.#scenario.quiet))
      world.now = Math.max(world.now, next)
    const due = world.wakeUps.filter((wakeUp) => wakeUp.due <= world.now)
    if (due.length > 0) this.#launch(this.#wake(random.pick(due), random))
  }

  #kill(random: Random): void {
    if (this.#processes.length === 0) return
    const process = random.pick(this.#processes)
    this.world.coverage.path('a process died')
    this.world.trace?.tell(`${process.name} dies`)
    process.kill()
  }

  /** The event source gives up waiting; the process is killed, or frozen in the middle of what it does until it is used again. */
  #timeOut(random: Random): void {
    const busy = this.#processes.filter((process) => process.busy > 0 && process.alive)
    if (busy.length === 0) return
    const process = random.pick(busy)
    const dies = random.chance(0.5)
    this.world.coverage.path('an invocation timed out')
    this.world.trace?.tell(`${process.name} takes too long and is ${dies ? 'killed' : 'frozen'}`)
    if (dies) process.kill()
    else process.freeze()
  }

  /** Wake-ups that the queue brings late, or not before peace comes. */
  #holdUp(random: Random): void {
    const { batch } = this.#scenario.job.settings
    if (this.world.wakeUps.length === 0) return
    const wakeUp = random.pick(this.world.wakeUps)
    const lost = random.chance(0.4)
    wakeUp.due = lost ? Number.POSITIVE_INFINITY : wakeUp.due + random.pick([1, 5, 30]) * batch
    this.world.coverage.path(lost ? 'a wake-up lost for a while' : 'a wake-up late')
    this.world.trace?.tell(`the queue ${lost ? 'loses' : 'holds up'} the wake-up for ${wakeUp.at}`)
  }

  #deploy(): void {
    this.#version = Math.min(this.#version + 1, this.#options.versions.length - 1)
    this.world.coverage.path('new code deployed')
    this.world.trace?.tell(`version ${this.#version + 1} of the code is deployed`)
  }

  #addPartitions(step: number): void {
    for (const [i, { addedAt }] of this.#scenario.partitions.entries()) {
      const partition = this.partitions[i]
      if (!partition || addedAt > step || this.#added.has(partition)) continue
      this.#added.add(partition)
      this.world.coverage.path('a partition added')
      this.world.trace?.tell(`partition ${partition.name} is added`)
    }
  }

  #launch(work: Promise<unknown>): void {
    const done = work.then(() => void this.#underWay.delete(done))
    this.#underWay.add(done)
  }

  async #deliver(delivery: Delivery, random: Random): Promise<void> {
    this.#past.push(delivery.event)
    acknowledge(delivery, await this.#process(random).invoke(delivery.event))
  }

  /** A queue's message: gone when it was handled, and sometimes even then it comes once more. */
  async #wake(wakeUp: WakeUp, random: Random): Promise<Answer> {
    const { wakeUps, coverage } = this.world
    const body = wakeUpMessage(this.#scenario.job.name, wakeUp.at)
    if (this.#delivered.has(wakeUp)) coverage.path('a wake-up delivered twice')
    this.#delivered.add(wakeUp)
    const stays = random.chance(0.1)
    const answer = await this.#process(random).invoke({ Records: [{ eventSource: 'aws:sqs', body }] })
    const index = wakeUps.indexOf(wakeUp)
    if (index >= 0 && answer !== 'failed' && !stays) wakeUps.splice(index, 1)
    return answer
  }

  async #deliverShare(share: Share, random: Random): Promise<void> {
    const body = shareMessage(this.#scenario.job.name, share)
    await this.#process(random, true).invoke({ Records: [{ eventSource: 'aws:sqs', body }] })
  }

  /** One that is not busy, or a new one. */
  #process(random: Random, helps = false): SimulatedProcess {
    this.#processes = this.#processes.filter(({ alive }) => alive)
    const idle = this.#processes.filter(({ busy }) => busy === 0 || random.chance(0.05))
    const { seed, reportFailures, declared, skew, coldStarts } = this.#scenario
    if (idle.length > 0 && !random.chance(coldStarts)) return random.pick(idle)
    const number = helps ? HELPERS + this.#helpers++ : this.#started++
    const own = derivedRandom(seed, PROCESS, number)
    const define = this.#options.versions[this.#version]
    if (!define) throw new RangeError('no version of the code')
    const { settings } = this.#scenario.job
    const process = new SimulatedProcess(`process-${number}`, { ...define(own), settings }, this.world, {
      reportFailures,
      partitions: declared,
      // The same code may be deployed again: nothing is to be read into the name.
      code: `v${this.#version + 1}.${own.int(1, 3)}`,
      skew: own.int(-skew, skew + 1),
      random: own,
      allows: this.#options.allows,
    })
    this.#processes.push(process)
    return process
  }
}
