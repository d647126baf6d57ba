// Functions of a job that are called with what commits have promised them, after the commit (I6): by whom, and over which connection.
// A connection lasts as long as the instance is warm; all tasks share it.

import { causeFacts } from '../errors/errors.ts'
import { CallFailedError, UnknownCallError } from '../errors/runtime-errors.ts'
import { unpackElements } from '../log/codec.ts'
import type { Call } from '../log/commit-record.ts'
import { callId } from '../names/outputs.ts'
import { placeOfTask } from '../names/tasks.ts'
import type { PlannedOutput } from '../plan/plan.ts'
import type { Receiver } from '../sinks/sink.ts'
import type { Kinds } from '../sources/kinds.ts'
import type { OffsetRange } from '../sources/source.ts'
import type { Coordinates } from './effects.ts'
import type { Log } from './environment.ts'

/** Whether an error is of a call, and of nothing that readers of results wait for. */
export function isOfCall(error: unknown): boolean {
  return error instanceof CallFailedError || error instanceof UnknownCallError
}

interface Connection {
  readonly made: Promise<unknown>
  /** Calls that are under way on it. */
  uses: number
  /** No further call begins on it. */
  gone: boolean
}

export class Calls {
  readonly #job: string
  readonly #receivers: ReadonlyMap<string, Receiver>
  readonly #accepted: ReadonlySet<string>
  readonly #kinds: Kinds
  readonly #log: Log
  /** By the id of the output. */
  readonly #connections = new Map<string, Connection>()

  /** @param accepted ids of outputs of which calls that nobody takes any more are given up */
  constructor(job: string, outputs: readonly PlannedOutput[], accepted: ReadonlySet<string>, kinds: Kinds, log: Log) {
    this.#job = job
    this.#receivers = new Map(
      outputs.flatMap(({ id, node: { sink } }) => (sink.receiver ? [[id, sink.receiver] as const] : [])),
    )
    this.#accepted = accepted
    this.#kinds = kinds
    this.#log = log
  }

  /**
   * Makes a call that a commit has promised.
   *
   * @throws CallFailedError when the function, or what connects it, does; the call is made again.
   * @throws UnknownCallError when this code has nobody to call (I7).
   */
  async make({ output, time, body, read }: Call, stands: Coordinates): Promise<void> {
    const { job, stage, task: name, version } = stands
    const task = { job, stage, task: name }
    const receiver = this.#receivers.get(output)
    if (!receiver) {
      if (!this.#accepted.has(output)) throw new UnknownCallError(task, output, time, version)
      this.#log.warn({ ...task, output, time, version }, 'a call was given up: this code does not have its output')
      return
    }
    const place = placeOfTask(task)
    const id = callId(this.#job, output, place, version, time)
    try {
      const context = { time, task: place, version, id, offsetRanges: this.#rangesOf(name, read) }
      await this.#on(output, receiver, (connection) =>
        receiver.receive(unpackElements(body), { ...context, connection }),
      )
    } catch (cause) {
      throw new CallFailedError(task, output, time, version, cause)
    }
  }

  #rangesOf(task: string, read: Call['read']): readonly OffsetRange[] {
    const range = read && this.#kinds.of(task).rangeOf?.(task, ...read)
    return range ? [range] : []
  }

  /** Ends all connections: the instance ends. */
  async close(): Promise<void> {
    await Promise.all([...this.#connections].map(([output, connection]) => this.#leave(output, connection)))
  }

  async #on(output: string, receiver: Receiver, call: (connection: unknown) => unknown): Promise<void> {
    if (!receiver.connect) {
      await call(undefined)
      return
    }
    const connection = this.#connections.get(output) ?? this.#connect(output, receiver)
    connection.uses++
    let failed = true
    try {
      await call(await connection.made)
      failed = false
    } finally {
      connection.uses--
      // Nobody waits for it to end: what is broken may take its time.
      if (failed && !receiver.keepAfterFailure) void this.#leave(output, connection)
      else if (connection.gone) void this.#end(output, connection)
    }
  }

  #connect(output: string, receiver: Receiver): Connection {
    const made = Promise.resolve().then(() => receiver.connect?.())
    const connection = { made, uses: 0, gone: false }
    // One that did not come about is nothing to keep, whatever the options say.
    made.catch(() => this.#drop(output, connection))
    this.#connections.set(output, connection)
    return connection
  }

  #drop(output: string, connection: Connection): void {
    if (this.#connections.get(output) === connection) this.#connections.delete(output)
  }

  /** Lets no further call begin on a connection, and ends it when none is under way. */
  async #leave(output: string, connection: Connection): Promise<void> {
    connection.gone = true
    this.#drop(output, connection)
    await this.#end(output, connection)
  }

  async #end(output: string, connection: Connection): Promise<void> {
    if (connection.uses > 0) return
    const [made] = await connection.made.then(
      (one) => [one],
      () => [], // it did not come about
    )
    try {
      if (made !== undefined) await this.#receivers.get(output)?.close?.(made)
    } catch (error) {
      // Nothing hangs on it, and what is broken may not close.
      this.#log.warn({ output, ...causeFacts(error) }, 'a connection could not be closed')
    }
  }
}
