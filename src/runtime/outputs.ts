// What a job's sinks make of a batch, whatever they are: of elements before the commit, and of the batch when it is complete.

import { UnencodableError } from '../errors/runtime-errors.ts'
import type { Effect } from '../log/commit-record.ts'
import type { PlannedOutput } from '../plan/plan.ts'
import type { Slots } from '../programs/program.ts'
import type { PartOfBatch, Write } from '../sinks/sink.ts'
import type { Outline } from './held.ts'
import { checkValues } from './savable.ts'
import type { Lacking } from './whole.ts'

export interface CollectedOutputs {
  readonly objects: readonly Write[]
  /** By the id of an output, what it keeps until the batch is complete. */
  readonly samples: readonly (readonly [output: string, lines: readonly string[]])[]
  /** Elements that reached outputs which write. */
  readonly written: number
}

/** @param part what these elements become for each output. */
export function collectOutputs(
  outputs: readonly { readonly output: PlannedOutput; readonly slot: number }[],
  slots: Slots,
  part: Omit<PartOfBatch, 'output'>,
): CollectedOutputs {
  const objects: Write[] = []
  const samples: [string, readonly string[]][] = []
  let count = 0
  for (const { output, slot } of outputs) {
    const elements = slots[slot] ?? []
    if (elements.length === 0) continue
    const { id, node } = output
    const taken = node.sink.takes === undefined ? elements : elements.slice(0, node.sink.takes)
    checkValues(id, taken)
    const promised = written(id, () => node.sink.promise(taken, { ...part, output: id }))
    if (promised.lines) samples.push([id, promised.lines])
    if (!promised.writes) continue
    objects.push(...promised.writes)
    count += elements.length
  }
  return { objects, samples, written: count }
}

/** @throws UnencodableError when an element has no form in the output's format. */
function written<T>(output: string, write: () => T): T {
  try {
    return write()
  } catch (cause) {
    throw new UnencodableError(output, cause)
  }
}

/**
 * What is done when batch T is complete for the stage that writes the outputs, every part of it being published: the one place that
 * says so, whoever closes T.
 *
 * @param parts what the tasks of that stage have for T, in the order in which partials are folded
 * @param lacking outputs that do not have T whole: nothing says that they are complete
 */
export function completeBatch(
  outputs: readonly PlannedOutput[],
  time: number,
  parts: () => readonly Pick<Outline, 'samples'>[],
  lacking: Lacking,
): Effect[] {
  return outputs
    .filter(({ id, slide }) => time % slide === 0 && !lacking.get(time)?.has(id))
    .flatMap(({ id, node }) => node.sink.complete(time, () => linesOf(id, parts())))
}

function linesOf(id: string, parts: readonly Pick<Outline, 'samples'>[]): string[] {
  return parts.flatMap(({ samples }) => samples.flatMap(([output, lines]) => (output === id ? lines : [])))
}
