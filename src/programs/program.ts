// Runs a task's program on the records of one batch time: sources fill their slots, steps fill theirs, outputs and edges read them.

import { type Origins, Trace } from '../operators/trace.ts'
import type { Program } from '../plan/plan.ts'
import { kindOf, type SourceRecord } from '../sources/source.ts'
import type { Guard } from './guard.ts'
import { isTraced, type Leaving, leavingOf } from './lineage.ts'

/** The elements of every stream of a program at one batch time; undefined: the stream has no batch at that time. */
export type Slots = readonly (readonly unknown[] | undefined)[]

/** What a program has made of records. */
export interface Outcome {
  readonly slots: Slots
  /** What leaves from a slot, if that is something else than its elements. */
  leaving(slot: number): Leaving | undefined
}

/** The elements alone. @throws as `runTraced` */
export async function runProgram(program: Program, records: readonly SourceRecord[]): Promise<Slots> {
  return (await runTraced(program, records)).slots
}

/** @throws whatever a decoder or a function of the user throws; ValueChangedError with a guard. */
export async function runTraced(program: Program, records: readonly SourceRecord[], guard?: Guard): Promise<Outcome> {
  const traced = isTraced(program)
  const freeze = guard && ((value: unknown) => guard.freeze(value))
  const slots: (readonly unknown[])[] = new Array(program.slots)
  const origins: Origins[] = new Array(traced ? program.slots : 0)
  const inOrder = traced ? records.map((_, i) => i) : []
  for (const { source, slot } of program.sources) {
    slots[slot] = source.elements(records, freeze)
    origins[slot] = inOrder
  }
  for (const { operator, inputs, slot } of program.steps) {
    const trace = traced ? new Trace(inputs.flatMap((input) => origins[input] ?? [])) : undefined
    const name = `${operator.kind} (of ${program.topic})`
    try {
      const result = operator.apply(inOne(inputs.map((input) => filled(slots, input))), trace)
      slots[slot] = result instanceof Promise ? await result : result
    } catch (error) {
      throw guard ? guard.explain(name, error) : error
    }
    guard?.check(name)
    guard?.freezeAll(slots[slot])
    if (trace) origins[slot] = trace.origins
  }
  return {
    slots,
    leaving: (slot) =>
      traced ? leavingOf(kindOf(program.sources), records, slots[slot] ?? [], origins[slot] ?? []) : undefined,
  }
}

/** The elements of all inputs, one input after the other. */
export function inOne(inputs: readonly Slots[number][]): readonly unknown[] {
  return inputs.length === 1 ? (inputs[0] ?? []) : inputs.flatMap((input) => input ?? [])
}

/** @throws for a stream that nothing has filled: it would be taken for one without elements. */
function filled(slots: readonly (readonly unknown[] | undefined)[], slot: number): readonly unknown[] {
  const elements = slots[slot]
  if (elements) return elements
  throw new Error(`slot ${slot} is read before it is filled`)
}
