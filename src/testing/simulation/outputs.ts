// What a run has published: by output and batch time the lines, whatever parts they came in.

import type { JobDefinition } from '../../graph/job.ts'
import { folderOfKey } from '../../names/objects.ts'
import { resultOf } from '../../names/outputs.ts'
import type { PlannedOutput } from '../../plan/plan.ts'
import { planJob } from '../../plan/plan-job.ts'
import { objectsOf } from '../../runtime/effects.ts'
import { type ObjectRef, type ObjectStore, objectUrl } from '../../stores/object-store.ts'
import { kindOf } from './services.ts'

/** By output (`s3://bucket/prefix[.suffix]`) and batch time the lines, sorted; none when there is only the `_SUCCESS`. */
export type Outputs = ReadonlyMap<string, ReadonlyMap<number, readonly string[]>>

/** Where a key belongs. */
export interface ResultKey {
  readonly output: string
  readonly time: number
  /** Where it is in the folder of its batch: `part-…` or `_SUCCESS`. */
  readonly part: string
}

/** Tells the outputs of a job by the keys of their objects. */
export class OutputKeys {
  /** Those that write objects. */
  readonly outputs: readonly PlannedOutput[]

  /** @param jobs versions of one job: an output of several of them is one */
  constructor(jobs: readonly JobDefinition[]) {
    const outputs = new Map(jobs.flatMap((job) => planJob(job).outputs.map((output) => [output.id, output] as const)))
    this.outputs = [...outputs.values()].filter(({ node }) => node.sink.places.length > 0)
  }

  parse({ bucket, key }: ObjectRef): ResultKey | undefined {
    for (const { id, node } of this.outputs) {
      for (const place of node.sink.places) {
        const batch = place.bucket === bucket ? resultOf(place, key) : undefined
        if (batch) return { output: id, ...batch }
      }
    }
    return undefined
  }

  /** The batch of an output that an object is of; of other objects their folder. */
  batchOf(ref: ObjectRef): string {
    const place = this.parse(ref)
    return place ? `${place.output} at T = ${place.time}` : folderOfKey(objectUrl(ref))
  }

  /** Whether an object is what the sink of its output completes a batch with. */
  completes(ref: ObjectRef): boolean {
    const place = this.parse(ref)
    const sink = this.outputs.find(({ id }) => id === place?.output)?.node.sink
    if (!place || !sink) return false
    return objectsOf(sink.complete(place.time, () => [])).some((object) => objectUrl(object.ref) === objectUrl(ref))
  }

  /** What an object of an output says, an element each, in whatever parts they came. */
  elementsOf(id: string, body: Uint8Array): readonly string[] {
    const read = this.outputs.find((output) => output.id === id)?.node.sink.read ?? linesOf
    return read(body)
  }
}

export interface Published {
  readonly outputs: Outputs
  /** "Directories" without their `_SUCCESS`. */
  readonly unfinished: readonly string[]
  /** By output the batch times that have their `_SUCCESS`. */
  readonly finished: ReadonlyMap<string, ReadonlySet<number>>
  /** Records and gaps that were set aside. */
  readonly quarantined: readonly string[]
}

/** @param normalize what of a line counts */
export async function readPublished(
  objects: ObjectStore,
  keys: OutputKeys,
  buckets: ReadonlySet<string>,
  normalize: (line: string, output: string) => string,
): Promise<Published> {
  const outputs = new Map<string, Map<number, string[]>>(keys.outputs.map(({ id }) => [id, new Map()]))
  const begun = new Set<string>()
  const finished = new Map<string, Set<number>>(keys.outputs.map(({ id }) => [id, new Set()]))
  const quarantined: string[] = []
  for (const bucket of buckets) {
    for await (const { key } of objects.list(bucket, '')) {
      const place = keys.parse({ bucket, key })
      const kind = kindOf({ bucket, key })
      if (!place && (kind === 'snapshot' || kind === 'spill')) continue
      const body = (await objects.get({ bucket, key })) ?? new Uint8Array()
      if (!place) {
        quarantined.push(...linesOf(body))
        continue
      }
      const { output, time } = place
      begun.add(`${output} at ${time}`)
      if (keys.completes({ bucket, key })) finished.get(output)?.add(time)
      const times = outputs.get(output)
      const all = times?.get(time) ?? []
      times?.set(time, all)
      for (const element of keys.elementsOf(output, body)) all.push(normalize(element, output))
    }
  }
  const sorted = [...outputs].map(([id, times]) => {
    const byTime = [...times].sort(([a], [b]) => a - b)
    return [id, new Map(byTime.map(([time, lines]) => [time, lines.sort()] as const))] as const
  })
  const ended = new Set([...finished].flatMap(([output, times]) => [...times].map((time) => `${output} at ${time}`)))
  const unfinished = [...begun].filter((name) => !ended.has(name))
  return { outputs: new Map(sorted), unfinished, finished, quarantined: quarantined.sort() }
}

function linesOf(body: Uint8Array): string[] {
  const lines = new TextDecoder().decode(body).split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}
