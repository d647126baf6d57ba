// What commits have promised to functions of the job, and what these were called with: nothing but what is committed (I6), all of it,
// in each task in the order of its log and of batch times.

import { formatElement } from '../../formats/encode.ts'
import { packElements, unpackElements } from '../../log/codec.ts'
import type { Call } from '../../log/commit-record.ts'
import { callId } from '../../names/outputs.ts'
import { placeOfTask, type TaskRef } from '../../names/tasks.ts'
import type { Receiver } from '../../sinks/sink.ts'
import type { OffsetRange } from '../../sources/source.ts'

interface Promised {
  readonly call: Call
  readonly contents: string
  readonly version: number
  readonly place: string
  /** Whether the function has been called with it and has not failed. */
  made: boolean
}

export class CallLedger {
  readonly #promised = new Map<string, Promised>()
  /** By call what its function is told of offsets, and by output and task where those begin that are next. */
  readonly #ranges = new Map<string, string>()
  readonly #until = new Map<string, number>()
  readonly #violation: (what: string) => void

  constructor(violation: (what: string) => void) {
    this.#violation = violation
  }

  promise(task: TaskRef, version: number, call: Call): void {
    const place = placeOfTask(task)
    const id = callId(task.job, call.output, place, version, call.time)
    if (this.#promised.has(id)) this.#violation(`${id} is promised twice (I1)`)
    this.#promised.set(id, { call, contents: hex(call.body), version, place, made: false })
  }

  /** Whether all that a commit has promised is done: it has a successor. */
  isMade(task: TaskRef, version: number, { output, time }: Call): boolean {
    return this.#promised.get(callId(task.job, output, placeOfTask(task), version, time))?.made ?? false
  }

  /** A function is about to be called. */
  begin(id: string, elements: readonly unknown[], offsetRanges: readonly OffsetRange[]): void {
    const promised = this.#promised.get(id)
    if (promised?.contents !== hex(packElements(elements)))
      this.#violation(`${id} is called with what no commit has promised (I6)`)
    if (!promised) return
    this.#beginOffsets(id, promised, offsetRanges)
    if (promised.made) return
    for (const [other, { call, place, version, made }] of this.#promised) {
      if (made || place !== promised.place || call.output !== promised.call.output) continue
      if (version < promised.version || (version === promised.version && call.time < promised.call.time))
        this.#violation(`${id} is called before ${other}`)
    }
  }

  /** In every try the same, and those of one task follow each other. */
  #beginOffsets(id: string, { place, call: { output } }: Promised, ranges: readonly OffsetRange[]): void {
    const told = JSON.stringify(ranges)
    if ((this.#ranges.get(id) ?? told) !== told)
      this.#violation(`${id} is told ${told}, and was told ${this.#ranges.get(id)} before`)
    if (this.#ranges.has(id)) return
    this.#ranges.set(id, told)
    const [range] = ranges
    if (!range) return
    const of = `${output} ${place}`
    if (range.fromOffset < (this.#until.get(of) ?? 0)) this.#violation(`${id} is told ${told}, which was read before`)
    this.#until.set(of, range.untilOffset)
  }

  /** It has not failed. */
  end(id: string): void {
    const promised = this.#promised.get(id)
    if (promised) promised.made = true
  }

  /** Calls that are left, at rest. */
  get left(): string[] {
    return [...this.#promised].flatMap(([id, { made }]) => (made ? [] : [id]))
  }

  /** By output and batch time what was committed for it, in whatever parts. */
  byBatch(until: number): ReadonlyMap<string, string> {
    const batches = new Map<string, string[]>()
    for (const { call } of this.#promised.values()) {
      if (call.time > until) continue
      const name = `${call.output} at T = ${call.time}`
      batches.set(name, [...(batches.get(name) ?? []), ...unpackElements(call.body).map(formatElement)])
    }
    return new Map([...batches].map(([name, lines]) => [name, JSON.stringify(lines.sort())]))
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** A receiver that is watched, and whose calls may go wrong. @param around does what is asked, or not, or not quite */
export function watched(
  receiver: Receiver,
  ledger: CallLedger,
  around: (point: 'call' | 'connect', what: string, work: () => Promise<unknown>) => Promise<unknown>,
): Receiver {
  return {
    ...receiver,
    receive: (elements, context) =>
      around('call', context.id, async () => {
        ledger.begin(context.id, elements, context.offsetRanges)
        await receiver.receive(elements, context)
        ledger.end(context.id)
      }),
    ...(receiver.connect && {
      connect: () => around('connect', '', async () => receiver.connect?.()),
    }),
  }
}
