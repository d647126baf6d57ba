// Runs one scenario: events, zombies, crashes and wake-ups in random order, then peace until the job is at rest.

import type { JobDefinition } from '../../graph/job.ts'
import { shareMessage } from '../../lambda/sqs-waker.ts'
import type { Share } from '../../runtime/side-by-side/share.ts'
import type { KafkaEvent } from '../../sources/kafka/event.ts'
import { checkClosedInTime, checkRestInTime, checkWakeUps } from './checks.ts'
import { acknowledge, type Delivery, type Partition, takeNext } from './event-source.ts'
import { turns } from './faults.ts'
import { Fleet, type FleetOptions } from './fleet.ts'
import { HelpRequests } from './help-requests.ts'
import { Mishaps } from './mishaps.ts'
import type { Answer } from './process.ts'
import { WakeUpQueue } from './queue.ts'
import { derivedRandom, type Random } from './random.ts'
import type { Scenario } from './scenario.ts'
import { Topics } from './topics.ts'
import { World } from './world.ts'

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

export interface SimulationOptions extends FleetOptions {
  /** Versions that do not mean the same as the first. */
  readonly others: readonly JobDefinition[]
  readonly omit: Omissions
  readonly trace: boolean
}

/** Numbers of steps: those of the second phase begin here. */
const PHASE = 10_000
/** Streams of random numbers; 2 is of processes. */
const STEP = 1
const PEACE = 3
const MISHAP = 6

export class Simulation {
  readonly world: World
  readonly topics: Topics
  /** Steps that were gone. */
  readonly steps: number[] = []
  readonly #scenario: Scenario
  readonly #options: SimulationOptions
  readonly #fleet: Fleet
  readonly #queue: WakeUpQueue
  readonly #mishaps: Mishaps
  #phase = 0
  readonly #underWay = new Set<Promise<void>>()
  readonly #past: KafkaEvent[] = []
  readonly #requests: HelpRequests

  constructor(scenario: Scenario, options: SimulationOptions) {
    const { seed, job, faults: kinds, faultProbability: probability, start } = scenario
    this.#scenario = scenario
    this.#options = options
    this.topics = new Topics(scenario)
    this.world = new World(derivedRandom(seed, 0), {
      job,
      others: options.others,
      start,
      faults: { kinds, probability, except: options.omit.faults },
      recordsOf: (task, from, until) => this.topics.recordsOf(task, from, until),
      trace: options.trace,
    })
    this.#fleet = new Fleet(this.world, scenario, options)
    this.#queue = new WakeUpQueue(this.world, scenario, this.#fleet)
    this.#mishaps = new Mishaps(this.world, this.#fleet, this.#queue, scenario.mishaps)
    this.#requests = new HelpRequests(seed, this.world, (share, random) =>
      this.#launch(this.#deliverShare(share, random)),
    )
  }

  get partitions(): readonly Partition[] {
    return this.topics.partitions
  }

  stages(): ReadonlySet<string> {
    return this.#fleet.stages()
  }

  /** The wild part. */
  async run(): Promise<void> {
    const { seed, steps, skew } = this.#scenario
    if (skew > 0) this.world.coverage.path('clocks apart')
    this.world.faults.enabled = true
    this.#queue.kills = this.#mishaps.has('deadly wake-ups')
    for (let n = 0; n < steps; n++) {
      const step = this.#phase * PHASE + n
      this.topics.addUntil(n, this.world)
      if (this.#options.omit.steps.has(step)) continue
      this.steps.push(step)
      const random = derivedRandom(seed, STEP, step)
      this.#fleet.nameFrom(step)
      if (this.#isInTrouble(n)) await this.#longTrouble(random)
      this.#act(n, random)
      this.#mishaps.step(derivedRandom(seed, MISHAP, step), (work) => this.#launch(work))
      await turns(random.chance(0.2) ? random.int(0, 1500) : random.int(0, 100))
    }
  }

  /** Peace: nothing fails any more, everything is delivered, and wake-ups come until none is left. */
  async quiesce(): Promise<void> {
    const random = derivedRandom(this.#scenario.seed, PEACE, this.#phase)
    const { faults, monitor, wakeUps, trace } = this.world
    trace?.tell('From here on nothing fails any more.')
    this.#fleet.nameFrom((this.#phase + 1) * PHASE - 5000)
    faults.enabled = false
    this.#queue.kills = false
    faults.release(1, random)
    for (const process of this.#fleet.processes) {
      process.thaw()
      await process.settle()
    }
    this.#fleet.settle()
    await Promise.all(this.#underWay)
    this.#requests.deliverLate(random, 1)
    this.topics.addUntil(Number.POSITIVE_INFINITY, this.world)
    this.topics.produceAll()
    for (const wakeUp of wakeUps) wakeUp.due = Math.min(wakeUp.due, Math.max(wakeUp.at, this.world.now))
    let patience = PATIENCE
    for (;;) {
      const { pending } = this.topics
      if (pending.length === 0 || patience-- === 0) break
      const some = random.some(pending)
      await this.#deliver(takeNext(some.length > 0 ? some : pending, random, 20), random)
      checkWakeUps(this.world)
    }
    const since = this.world.now
    let closed = false
    // One at least: what is closed may not be done yet.
    for (let woken = 0; wakeUps.length > 0 && patience-- > 0 && (woken === 0 || !this.#ranLongEnough()); woken++) {
      await this.wakeNext(random)
      checkWakeUps(this.world)
      if (closed || monitor.logs.closedUntil < this.world.ledger.lastOpen) continue
      closed = true
      checkClosedInTime(this.world, since)
    }
    this.#requests.deliverLate(random, 1) // when nobody needs help any more
    await Promise.all(this.#underWay)
    if (patience < 0) monitor.violation('the job does not come to rest')
    else checkRestInTime(this.world, since)
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
    if (random.chance(0.7)) this.#fleet.killAll()
    this.topics.tellLater(world.now, batch, random)
  }

  /** Before a deployment. Where nobody is silent for long, no time goes by. */
  #isInTrouble(n: number): boolean {
    const { deploys, pace } = this.#scenario
    return this.#phase === 0 && pace !== 'exact' && deploys.includes(n) && this.#mishaps.has('long trouble')
  }

  /** Invocations do not hang for so long: what is under way ends before. */
  async #longTrouble(random: Random): Promise<void> {
    const { faults } = this.world
    faults.enabled = false
    faults.release(1, random)
    for (const process of this.#fleet.processes) process.thaw()
    for (const process of this.#fleet.processes) await process.settle()
    await Promise.all(this.#underWay)
    await this.#mishaps.longTrouble(random, () => this.#deliverSome(random, false))
    await Promise.all(this.#underWay)
    faults.enabled = true
  }

  outage(): void {
    this.#mishaps.outage(derivedRandom(this.#scenario.seed, MISHAP))
  }

  /** Moves the clock to the next wake-up, and delivers it. */
  async wakeNext(random: Random): Promise<void> {
    const due = this.world.wakeUps.reduce((a, b) => (b.due < a.due ? b : a))
    this.world.now = Math.max(this.world.now, due.due)
    await this.#queue.deliver(due, random)
  }

  invoke(event: KafkaEvent, random: Random): Promise<Answer> {
    return this.#fleet.invoke(event, random)
  }

  killAll(): void {
    this.#fleet.killAll()
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
    if (this.#phase === 0 && this.#scenario.deploys.includes(n)) this.#fleet.deploy()
    this.#requests.deliverLate(random, 0.2)
    const what = random.next()
    if (what < 0.42) this.#deliverSome(random, false)
    else if (what < 0.47) this.#deliverSome(random, true)
    else if (what < 0.54) this.#replay(random)
    else if (what < 0.58) this.#rewind(random)
    else if (what < 0.7) this.#launch(this.#queue.deliverDue(random))
    else if (what < 0.81) world.now += Math.ceil((batch / 1000) * random.pick([1, 50, 300, 1000, 4000, 11_000]))
    else if (what < 0.84) this.#kill(random)
    else if (what < 0.87) this.#timeOut(random)
    else if (what < 0.9) this.#queue.holdUp(random)
    else world.faults.release(0.4, random)
  }

  /** @param twice also of partitions that are being delivered at this moment: a rebalance has given them to another poller */
  #deliverSome(random: Random, twice: boolean): void {
    const ready = this.topics.produce(random, twice)
    if (ready.length === 0) return
    if (ready.some(({ busy }) => busy)) this.world.coverage.path('two pollers with one partition')
    for (const partition of ready) partition.busy = true
    this.#launch(this.#deliver(takeNext(ready, random, random.pick([1, 3, 10])), random))
  }

  /** An old event, once more, and nobody waits for the answer: a duplicate, or a zombie's work. */
  #replay(random: Random): void {
    if (this.#past.length === 0) return
    this.world.coverage.path('an old event delivered again')
    this.#launch(this.#fleet.pick(random).invoke(random.pick(this.#past)))
  }

  #rewind(random: Random): void {
    const partition = random.pick(this.partitions)
    if (partition.busy || partition.next <= partition.first) return
    partition.next = random.int(partition.first, partition.next)
    this.world.coverage.path('a partition moved back')
    this.world.trace?.tell(`the event source moves ${partition.name} back to ${partition.next}`)
  }

  #kill(random: Random): void {
    const { processes } = this.#fleet
    if (processes.length === 0) return
    const process = random.pick(processes)
    this.world.coverage.path('a process died')
    this.world.trace?.tell(`${process.name} dies`)
    process.kill()
  }

  /** The event source gives up waiting; the process is killed, or frozen in the middle of what it does until it is used again. */
  #timeOut(random: Random): void {
    const busy = this.#fleet.processes.filter((process) => process.busy > 0 && process.alive)
    if (busy.length === 0) return
    const process = random.pick(busy)
    const dies = random.chance(0.5)
    this.world.coverage.path('an invocation timed out')
    this.world.trace?.tell(`${process.name} takes too long and is ${dies ? 'killed' : 'frozen'}`)
    if (dies) process.kill()
    else process.freeze()
  }

  #launch(work: Promise<unknown> | undefined): void {
    if (!work) return
    const done = work.then(() => void this.#underWay.delete(done))
    this.#underWay.add(done)
  }

  async #deliver(delivery: Delivery, random: Random): Promise<void> {
    this.#past.push(delivery.event)
    acknowledge(delivery, await this.#fleet.invoke(delivery.event, random))
  }

  async #deliverShare(share: Share, random: Random): Promise<void> {
    const body = shareMessage(this.#scenario.job.name, share)
    await this.#fleet.invoke({ Records: [{ eventSource: 'aws:sqs', body }] }, random, true)
  }
}
