// Runs a task's program on the records of one batch time: sources fill their slots, steps fill theirs, outputs and edges read them.

import type { KafkaEventRecord } from '../lambda/kafka-event.ts'
import type { Program } from '../plan/plan.ts'
import { EventRecord } from '../sources/kafka-record.ts'
import { applyNarrow } from './narrow.ts'

/** The elements of every stream of a program at one batch time; undefined: the stream has no batch at that time. */
export type Slots = readonly (readonly unknown[] | undefined)[]

/** @throws whatever a decoder or a function of the user throws. */
export async function runProgram(program: Program, records: readonly KafkaEventRecord[]): Promise<Slots> {
  const slots: (readonly unknown[])[] = new Array(program.slots)
  for (const { node, slot } of program.sources) {
    slots[slot] = records.map((record) => new EventRecord(record, node))
  }
  for (const { node, inputs, slot } of program.steps) {
    const result = applyNarrow(
      node,
      inputs.map((input) => filled(slots, input)),
    )
    slots[slot] = result instanceof Promise ? await result : result
  }
  return slots
}

/** @throws for a stream that nothing has filled: it would be taken for one without elements. */
function filled(slots: readonly (readonly unknown[] | undefined)[], slot: number): readonly unknown[] {
  const elements = slots[slot]
  if (elements) return elements
  throw new Error(`slot ${slot} is read before it is filled`)
}
