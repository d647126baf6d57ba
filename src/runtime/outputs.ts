// What outputs make of the elements of one batch time: objects, and lines to print.

import { UnencodableError } from '../errors/runtime-errors.ts'
import { formatElement } from '../formats/encode.ts'
import { batchFolder, keyOfPart } from '../names/outputs.ts'
import type { PlannedOutput } from '../plan/plan.ts'
import type { Slots } from '../programs/program.ts'
import type { OutputObject } from './outbox.ts'
import { checkValues } from './savable.ts'

export interface CollectedOutputs {
  readonly objects: readonly OutputObject[]
  /** By the id of a print, its first lines. */
  readonly samples: readonly (readonly [output: string, lines: readonly string[]])[]
  /** Elements that reached outputs which write. */
  readonly written: number
}

/** @param part name of the part that these elements become. */
export function collectOutputs(
  outputs: readonly { readonly output: PlannedOutput; readonly slot: number }[],
  slots: Slots,
  time: number,
  part: string,
): CollectedOutputs {
  const objects: OutputObject[] = []
  const samples: [string, readonly string[]][] = []
  let count = 0
  for (const { output, slot } of outputs) {
    const elements = slots[slot] ?? []
    if (elements.length === 0) continue
    const { id, node } = output
    if (node.kind === 'print') {
      // One more than is shown tells whether "..." follows.
      const first = elements.slice(0, node.count + 1)
      checkValues(id, first)
      samples.push([id, written(id, () => first.map(formatElement))])
      continue
    }
    checkValues(id, elements)
    count += elements.length
    objects.push({
      ref: { bucket: node.bucket, key: keyOfPart(batchFolder(node, time), part) },
      contentType: node.encoder.contentType,
      body: written(id, () => Buffer.from(node.encoder.encode(elements))),
    })
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

/** Spark's layout: `DStream.print` in org.apache.spark.streaming.dstream.DStream. */
export function printed(time: number, lines: readonly string[], count: number): string {
  const rule = '-------------------------------------------'
  const shown = [...lines.slice(0, count), ...(lines.length > count ? ['...'] : [])]
  return `${[rule, `Time: ${time} ms`, rule, ...shown].join('\n')}\n`
}
