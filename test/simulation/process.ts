// One simulated process: an instance of the function, with memory of its own and every I/O at the mercy of `Faults`.

import type { Job } from '../../src/index.ts'
import { type LambdaHandler, lambda } from '../../src/lambda/index.ts'
import type { Environment } from '../../src/runtime/environment.ts'
import type { ObjectStore } from '../../src/state/object-store.ts'
import type { StateTable } from '../../src/state/table.ts'
import { type Caller, type Faults, INJECTED } from './faults.ts'
import type { World } from './world.ts'

export type Answer = Awaited<ReturnType<LambdaHandler>> | 'failed'

export interface ProcessOptions {
  readonly reportFailures: boolean
  readonly partitions: ReadonlyMap<string, number>
  readonly code: string
  /** How far this process's clock is off, milliseconds. */
  readonly skew: number
  /** Whether the job's own code fails now and then. */
  readonly flaky: boolean
}

export class SimulatedProcess implements Caller {
  readonly name: string
  alive = true
  /** Invocations under way. */
  busy = 0
  readonly #handler: LambdaHandler
  readonly #world: World
  readonly #flaky: boolean
  readonly #waiting = new Set<() => void>()
  readonly #handling = new Set<Promise<unknown>>()

  constructor(name: string, job: Job, world: World, options: ProcessOptions) {
    const { reportFailures, partitions, code, skew, flaky } = options
    this.name = name
    this.#world = world
    this.#flaky = flaky
    const fail = (facts: Readonly<Record<string, unknown>>) => this.#expect(facts.code, facts.message)
    const environment: Environment = {
      table: faultyTable(world.table, world.faults, this),
      objects: faultyObjects(world.objects, world.faults, this),
      bucket: 'state',
      clock: { now: () => world.now + skew },
      waker: { arm: (_, at) => world.faults.around(this, 'arm', async () => world.arm(at)) },
      log: { info() {}, warn() {}, error: fail },
      print: (text) => this.alive && world.printed.push(text),
      code,
      owner: 'simulated',
      partitions,
      instance: name,
    }
    this.#handler = lambda(job, { environment, reportFailures })
  }

  kill(): void {
    this.alive = false
    this.hang()
  }

  hang(): void {
    for (const giveUp of this.#waiting) giveUp()
  }

  /** Invokes; 'failed' when it throws, dies, or hangs so long that the caller does not wait. */
  async invoke(event: unknown): Promise<Answer> {
    this.busy++
    this.#world.faults.trace?.(`${this.name} at ${this.#world.now} invoked with ${inShort(event)}`)
    const handling = this.#handler(event)
    const settled = handling.then(
      () => undefined,
      (error: unknown) => {
        const { code, message } = error instanceof Error ? { code: undefined, ...error, message: error.message } : {}
        this.#expect(code, error instanceof Error ? (error.stack ?? message) : error)
      },
    )
    this.#handling.add(settled)
    void settled.then(() => this.#handling.delete(settled))
    let giveUp = (): void => {}
    const abandoned = new Promise<'failed'>((resolve) => {
      giveUp = () => resolve('failed')
    })
    this.#waiting.add(giveUp)
    const answer = await Promise.race([handling.catch(() => 'failed' as const), abandoned])
    this.#waiting.delete(giveUp)
    this.busy--
    this.#world.faults.trace?.(`${this.name} answers ${JSON.stringify(answer)}`)
    return answer
  }

  /** Waits until nothing is under way any more; nothing is in a dead process. */
  async settle(): Promise<void> {
    while (this.alive && this.#handling.size > 0) {
      await Promise.race([Promise.all(this.#handling), new Promise<void>((resolve) => this.#waiting.add(resolve))])
    }
  }

  #expect(code: unknown, message: unknown): void {
    if (code === INJECTED || (this.#flaky && String(message).includes('flaky'))) return
    this.#world.monitor.violation(`unexpected error ${String(code)}: ${String(message)}`)
  }
}

function faultyTable(table: StateTable, faults: Faults, caller: Caller): StateTable {
  const io = <T>(operation: string, work: () => Promise<T>, retried?: (answer: T) => T) =>
    faults.around(caller, operation, work, retried)
  return {
    append: (task, item) =>
      io(
        `append ${task.task} ${item.version}`,
        () => table.append(task, item),
        () => 'conflict',
      ),
    head: (task) => io('head', () => table.head(task)),
    read: (task, options) => io('read', () => table.read(task, options)),
    getRow: (job, name) => io('getRow', () => table.getRow(job, name)),
    createRow: (job, name, row) =>
      io(
        'createRow',
        () => table.createRow(job, name, row),
        () => 'exists',
      ),
    putRow: (job, name, row) => io('putRow', () => table.putRow(job, name, row)),
    replaceRow: (job, name, row, rev) =>
      io(
        'replaceRow',
        () => table.replaceRow(job, name, row, rev),
        () => 'conflict',
      ),
    deleteRow: (job, name) => io('deleteRow', () => table.deleteRow(job, name)),
    listRows: (job, prefix) => io('listRows', () => table.listRows(job, prefix)),
    close: () => table.close(),
  }
}

function faultyObjects(objects: ObjectStore, faults: Faults, caller: Caller): ObjectStore {
  const io = <T>(operation: string, work: () => Promise<T>) => faults.around(caller, operation, work)
  return {
    put: (ref, body, options) => io(`put ${ref.key}`, () => objects.put(ref, body, options)),
    stage: (ref, body, options) => io(`stage ${ref.key}`, () => objects.stage(ref, body, options)),
    complete: (staged) => io(`complete ${staged.ref.key}`, () => objects.complete(staged)),
    abort: (staged) => io(`abort ${staged.ref.key}`, () => objects.abort(staged)),
    get: (ref) => io(`get ${ref.key}`, () => objects.get(ref)),
    exists: (ref) => io(`exists ${ref.key}`, () => objects.exists(ref)),
    delete: (ref) => io(`delete ${ref.key}`, () => objects.delete(ref)),
    list: (bucket, prefix) => objects.list(bucket, prefix),
    close: () => objects.close(),
  }
}

/** An event in one line of a trace. */
function inShort(event: unknown): string {
  return JSON.stringify(event, (name, value) => {
    if (name === 'records') return Object.entries(value).map(([partition, list]) => `${partition}: ${offsets(list)}`)
    return value
  })
}

function offsets(list: unknown): string {
  return Array.isArray(list) ? list.map(({ offset, timestamp }) => `${offset}@${timestamp}`).join(' ') : ''
}
