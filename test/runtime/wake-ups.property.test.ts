// Wake-ups under all that a queue, clocks and dying functions can do: as long as something is open one is under way, there are
// never many, and in the end the job comes to rest with everything closed (DESIGN §4).

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Job, job, type State, StateSpec, seconds, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import type { Environment } from '../../src/runtime/environment.ts'
import { type MemoryEnvironment, memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'
import { type QueuedMessage, queueEvent, SimulatedQueue } from '../support/simulated-queue.ts'

const START = 1_699_999_200_000
const MINUTE = 60_000

const copy = job('copy', { batch: seconds(1), idleAfter: seconds(10) }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map(({ value }) => value)
    .saveAsTextFiles('s3://results/copy')
})
const away = job('away', { batch: seconds(1), idleAfter: seconds(10) }, ({ kafka }) => {
  const spec = StateSpec.function((key: string, value: number | undefined, state: State<number>) => {
    if (!state.isTimingOut()) state.update(value ?? 0)
    return `${key} ${state.isTimingOut() ? 'timed out' : 'came'}`
  })
  const words = kafka('lines', { value: text() }).map(({ value }) => value)
  words
    .map((word) => [word, 1] as const)
    .mapWithState(spec.timeout('2h').numPartitions(1))
    .saveAsTextFiles('s3://results/away')
})

interface Step {
  /** Time that passes before it. */
  readonly wait: number
  /** A record to this partition. */
  readonly partition: number
  readonly instance: number
  /** The function dies at this call of the table, of its first try; 0: it does not. */
  readonly dies: number
}

const delay = fc.oneof(
  { weight: 6, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ max: 15 * MINUTE, min: 0 }) },
)
const scenario = fc.record({
  steps: fc.array(
    fc.record<Step>({
      wait: fc.oneof(fc.integer({ min: 0, max: 9000 }), fc.integer({ min: 0, max: 50 * MINUTE })),
      partition: fc.nat(2),
      instance: fc.nat(2),
      dies: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 12 })),
    }),
    { minLength: 1, maxLength: 12 },
  ),
  skews: fc.tuple(fc.constant(0), fc.integer({ min: -2500, max: 2500 }), fc.integer({ min: -2500, max: 2500 })),
  late: fc.array(delay, { minLength: 1, maxLength: 7 }),
  /** By delivery of a message: whether it comes again although it was handled, whether its function dies, and where. */
  again: fc.array(fc.nat(9), { minLength: 1, maxLength: 7 }),
  deaths: fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 15 })), {
    minLength: 1,
    maxLength: 7,
  }),
})
type Scenario = typeof scenario extends fc.Arbitrary<infer S> ? S : never

/** An instance that can be told to die at its n-th call of the table from now on. */
class Instance {
  calls = 0
  dies = 0
  #handler: ReturnType<typeof lambda>
  readonly #job: Job
  readonly #environment: Environment

  constructor(of: Job, base: MemoryEnvironment, queue: SimulatedQueue, skew: number) {
    const doomed =
      <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
      async (...args: A): Promise<R> => {
        if (++this.calls === this.dies) throw new Error('dies')
        return call(...args)
      }
    const waker = queue.waker(skew)
    const { table } = base
    this.#job = of
    this.#environment = {
      ...base.another({
        clock: { now: () => base.clock.now() + skew },
        waker: { arm: doomed(waker.arm) },
        partitions: new Map([['lines', 3]]),
      }),
      table: {
        ...table,
        append: doomed(table.append),
        replaceRow: doomed(table.replaceRow),
        getRow: doomed(table.getRow),
        read: doomed(table.read),
        head: doomed(table.head),
      },
    }
    this.#handler = lambda(of, { environment: this.#environment })
  }

  /** Whether it succeeded; one that died remembers nothing. */
  async invoke(event: unknown, dies: number): Promise<boolean> {
    this.calls = 0
    this.dies = dies
    const result = await this.#handler(event).then(
      () => true,
      () => false,
    )
    if (!result) this.#handler = lambda(this.#job, { environment: this.#environment })
    return result
  }
}

async function run(of: Job, { steps, skews, late, again, deaths }: Scenario): Promise<void> {
  const base = memoryEnvironment(START)
  let sent = 0
  const queue = new SimulatedQueue(base.clock.now, () => late[sent++ % late.length] ?? 0)
  const instances = skews.map((skew) => new Instance(of, base, queue, skew))
  const at = (i: number): Instance => instances[i % instances.length] ?? instances[0] ?? expect.fail('no instance')
  let delivered = 0
  const tried = new Map<QueuedMessage, number>()

  async function deliver(message: QueuedMessage): Promise<void> {
    base.setTime(Math.max(base.clock.now(), message.due))
    const n = delivered++
    const tries = (tried.get(message) ?? 0) + 1
    tried.set(message, tries)
    const handled = await at(n).invoke(queueEvent(message), tries > 3 ? 0 : (deaths[n % deaths.length] ?? 0))
    // A message whose function failed comes again after the visibility timeout; one that was handled now and then, too.
    if (handled && (tries > 3 || again[n % again.length] !== 0)) queue.remove(message)
    else message.due = base.clock.now() + MINUTE
    if (delivered > 1000) expect.fail('the job does not come to rest')
  }
  async function passUntil(time: number): Promise<void> {
    for (let next = queue.next; next && next.due <= time; next = queue.next) await deliver(next)
    base.setTime(Math.max(base.clock.now(), time))
  }

  const offsets = [0, 0, 0]
  const all: string[] = []
  for (const [i, { wait, partition, instance, dies }] of steps.entries()) {
    await passUntil(base.clock.now() + wait)
    const from = offsets[partition] ?? 0
    offsets[partition] = from + 1
    all.push(`word${i}`)
    const event = kafkaEvent({ [`lines-${partition}`]: lines([`word${i}`], { from, at: base.clock.now() }) })
    // The event source brings it again until it succeeds.
    for (let tries = 0; !(await at(instance + tries).invoke(event, tries === 0 ? dies : 0)); tries++) {
      base.setTime(base.clock.now() + 1000)
      if (tries > 5) expect.fail('does not succeed')
    }
    expect(queue.messages.length, 'something is open, so a wake-up is under way').toBeGreaterThan(0)
  }
  const ended = base.clock.now()
  for (let next = queue.next; next; next = queue.next) await deliver(next)

  const objects = await readObjects(base.objects, 'results')
  const places = [...objects.keys()].filter((key) => key.includes('/part-')).map((key) => key.replace(/part-.*/, ''))
  for (const place of new Set(places)) expect([...objects.keys()], 'closed').toContain(`${place}_SUCCESS`)
  const text = [...objects.values()].join('').trim().split('\n').sort()
  expect(text).toEqual(of === copy ? all.sort() : all.flatMap((w) => [`${w} came`, `${w} timed out`]).sort())
  // Whatever is late: each wake-up on the way to rest may be so once or twice, and be lost for a minute.
  expect(base.clock.now() - ended).toBeLessThan((of === away ? 2 * 60 : 0) * MINUTE * 1.1 + 3 * 60 * MINUTE)
  // Those that the row names, and what races, late and doubled ones leave behind.
  expect(queue.most).toBeLessThanOrEqual(12)
}

const RUNS = Number(process.env.MILLRACE_PROPERTY_RUNS ?? 60)

it.each([
  ['without state', copy],
  ['with timeouts of hours', away],
])('a job %s comes to rest with everything closed, whatever the queue does', async (_, of) => {
  await fc.assert(
    fc.asyncProperty(scenario, (some) => run(of, some)),
    { numRuns: RUNS },
  )
})
