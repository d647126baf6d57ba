// Runs one scenario: events, zombies, crashes and wake-ups in random order, then peace until the job is at rest.

import type { KafkaEvent } from '../../src/lambda/kafka-event.ts'
import { wakeUpMessage } from '../../src/lambda/sqs-waker.ts'
import { acknowledge, type Delivery, makeRecords, Partition, takeNext } from './event-source.ts'
import { Faults, turns } from './faults.ts'
import { jobOf } from './job-of.ts'
import { type Answer, SimulatedProcess } from './process.ts'
import type { Random } from './random.ts'
import type { Scenario } from './scenario.ts'
import { World } from './world.ts'

/** Wake-ups and deliveries after which peace should long have come. */
const PATIENCE = 200

export class Simulation {
  readonly world: World
  readonly partitions: readonly Partition[]
  readonly #scenario: Scenario
  readonly #random: Random
  #processes: SimulatedProcess[] = []
  #started = 0
  readonly #underWay = new Set<Promise<void>>()
  readonly #past: KafkaEvent[] = []

  constructor(scenario: Scenario, random: Random, withFaults = true) {
    const { faults, faultProbability, start, staleReads } = scenario
    this.#scenario = scenario
    this.#random = random
    this.world = new World(random, new Faults(random, withFaults ? faults : [], faultProbability), start, staleReads)
    this.partitions = scenario.partitions.map(({ name, records }) => new Partition(name, records))
  }

  /** The wild part. */
  async run(): Promise<void> {
    for (let step = 0; step < this.#scenario.steps; step++) {
      this.#act()
      await turns(this.#random.chance(0.2) ? this.#random.int(0, 1500) : this.#random.int(0, 100))
    }
  }

  /** Peace: nothing fails any more, everything is delivered, and wake-ups come until none is left. */
  async quiesce(): Promise<void> {
    const { faults, monitor, wakeUps } = this.world
    faults.enabled = false
    faults.release(1)
    for (const process of this.#processes) await process.settle()
    await Promise.all(this.#underWay)
    for (const partition of this.partitions) partition.produced = partition.records.length
    let patience = PATIENCE
    for (;;) {
      const pending = this.partitions.filter((partition) => partition.pending > 0)
      if (pending.length === 0 || patience-- === 0) break
      const some = this.#random.some(pending)
      await this.#deliver(takeNext(some.length > 0 ? some : pending, this.#random, 20))
    }
    while (wakeUps.length > 0 && patience-- > 0) {
      const due = wakeUps.reduce((a, b) => (b.at < a.at ? b : a))
      this.world.now = Math.max(this.world.now, due.at)
      await this.#wake(due)
    }
    if (patience < 0) monitor.violation('the job does not come to rest')
  }

  /** More than the retention later, when all that may expire has expired, records come again: to old processes or to new ones. */
  async resume(): Promise<void> {
    const { world } = this
    world.now += 8 * 24 * 3_600_000
    world.rawTable.deleteExpired(Math.floor(world.now / 1000))
    if (this.#random.chance(0.7)) for (const process of this.#processes) process.kill()
    for (const partition of this.#random.some(this.partitions)) {
      const { name, records } = partition
      const dash = name.lastIndexOf('-')
      const place = {
        topic: name.slice(0, dash),
        partition: Number(name.slice(dash + 1)),
        first: partition.first + records.length,
      }
      const more = makeRecords(
        place,
        3,
        world.now - 10_000,
        (offset) => this.#scenario.textOf(name, offset),
        this.#random,
      )
      partition.records = [...records, ...more]
    }
    await this.quiesce()
  }

  #act(): void {
    const { world } = this
    const random = this.#random
    const what = random.next()
    if (what < 0.45) this.#deliverSome()
    else if (what < 0.55) this.#replay()
    else if (what < 0.6) this.#rewind()
    else if (what < 0.72) this.#wakeWhenDue()
    else if (what < 0.84) world.now += random.pick([1, 50, 300, 1000, 4000, 11_000])
    else if (what < 0.88) this.#kill()
    else world.faults.release(0.4)
  }

  #deliverSome(): void {
    const random = this.#random
    for (const partition of this.partitions) {
      partition.produced = Math.min(partition.records.length, partition.produced + random.pick([0, 1, 2, 5, 10]))
    }
    const ready = random.some(this.partitions.filter(({ busy, pending }) => !busy && pending > 0))
    if (ready.length === 0) return
    for (const partition of ready) partition.busy = true
    this.#launch(this.#deliver(takeNext(ready, random, random.pick([1, 3, 10]))))
  }

  /** An old event, once more, and nobody waits for the answer: a duplicate, or a zombie's work. */
  #replay(): void {
    if (this.#past.length === 0) return
    this.#launch(this.#process().invoke(this.#random.pick(this.#past)))
  }

  #rewind(): void {
    const partition = this.#random.pick(this.partitions)
    if (!partition.busy && partition.next > partition.first)
      partition.next = this.#random.int(partition.first, partition.next)
  }

  #wakeWhenDue(): void {
    const { world } = this
    const next = Math.min(...world.wakeUps.map(({ at }) => at))
    // Sometimes nothing arrives for so long that the next wake-up comes.
    if (this.#scenario.pace !== 'exact' && next < Number.POSITIVE_INFINITY && this.#random.chance(this.#scenario.quiet))
      world.now = Math.max(world.now, next)
    const due = world.wakeUps.filter(({ at }) => at <= world.now)
    if (due.length > 0) this.#launch(this.#wake(this.#random.pick(due)))
  }

  #kill(): void {
    if (this.#processes.length > 0 && this.world.faults.enabled) this.#random.pick(this.#processes).kill()
  }

  #launch(work: Promise<unknown>): void {
    const done = work.then(() => void this.#underWay.delete(done))
    this.#underWay.add(done)
  }

  async #deliver(delivery: Delivery): Promise<void> {
    this.#past.push(delivery.event)
    acknowledge(delivery, await this.#process().invoke(delivery.event))
  }

  /** A queue's message: gone when it was handled, and sometimes even then it comes once more. */
  async #wake(wakeUp: { readonly at: number }): Promise<Answer> {
    const body = wakeUpMessage('simulated', wakeUp.at)
    const answer = await this.#process().invoke({ Records: [{ eventSource: 'aws:sqs', body }] })
    const { wakeUps } = this.world
    const index = wakeUps.indexOf(wakeUp)
    if (index >= 0 && answer !== 'failed' && !this.#random.chance(0.1)) wakeUps.splice(index, 1)
    return answer
  }

  /** One that is not busy, or a new one. */
  #process(): SimulatedProcess {
    this.#processes = this.#processes.filter(({ alive }) => alive)
    const idle = this.#processes.filter(({ busy }) => busy === 0 || this.#random.chance(0.05))
    const { kind, options, reportFailures, declared, skew, coldStarts } = this.#scenario
    if (idle.length > 0 && !this.#random.chance(coldStarts)) return this.#random.pick(idle)
    const process = new SimulatedProcess(`process-${++this.#started}`, jobOf(kind, options, this.#random), this.world, {
      reportFailures,
      partitions: declared,
      code: this.#random.pick(['v1', 'v2']),
      skew: this.#random.int(-skew, skew + 1),
      flaky: kind === 'flaky',
    })
    this.#processes.push(process)
    return process
  }
}
