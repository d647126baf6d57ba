// What the buckets of a stage are given, from what the tasks before it have committed, in the fixed order of folding.

import type { BatchPartial } from '../../log/commit-record.ts'
import type { ShuffleStage } from '../../plan/plan.ts'
import { migrateItems } from '../../programs/migrate.ts'
import type { Contributions } from '../held.ts'
import type { StageInput } from './bucket-run.ts'

/**
 * @param done by stage, what it has for the batches that are closed
 * @param rangesOf where the records of a batch stand in some feeds
 */
export function stageInput(
  stage: ShuffleStage,
  done: ReadonlyMap<string, Contributions>,
  touched: ReadonlySet<number>,
  after: number,
  closedUntil: number,
  rangesOf: StageInput['rangesOf'],
  apart: ReadonlySet<number> = new Set(),
): StageInput {
  const froms = [...new Set(stage.inputs.map(({ edge }) => edge.from))].flatMap((from) => done.get(from) ?? [])
  let items = itemsFor(
    stage,
    froms.flatMap((from) => from.first),
  )
  /** Edges whose items come to every bucket; they are the runtime's own, and nobody changes them. */
  const all = new Set(stage.inputs.flatMap(({ edge }) => (edge.how === 'all' ? [edge.id] : [])))
  const handed = new Set<string>()
  const sizes = new Map<number, number>()
  const edges = new Set(stage.inputs.map(({ edge }) => edge.id))
  for (const { shuffle } of froms.flatMap(({ parts }) => parts.flat())) {
    for (const [edge, bucket, { length }] of shuffle) {
      if (edges.has(edge)) sizes.set(bucket, (sizes.get(bucket) ?? 0) + length)
    }
  }
  return {
    after,
    closedUntil,
    apart,
    rangesOf,
    touched: [...touched].sort((a, b) => a - b),
    itemsOf(edge, bucket, time) {
      const place = placeOf(edge, bucket, time)
      if (handed.has(place)) {
        // A bucket is run once more, after a lost race: what it was given before may have been changed.
        items = itemsFor(
          stage,
          froms.flatMap((from) => from.anew()),
        )
        handed.clear()
      }
      handed.add(place)
      return items.get(all.has(edge) ? placeOf(edge, 0, time) : place) ?? []
    },
    sizeOf: (bucket) => sizes.get(bucket) ?? 0,
  }
}

/** By edge, bucket and time, in the order of tasks and versions. */
function itemsFor(stage: ShuffleStage, partials: readonly BatchPartial[]): ReadonlyMap<string, unknown[]> {
  const edges = new Map(stage.inputs.map(({ edge }) => [edge.id, edge]))
  const items = new Map<string, unknown[]>()
  for (const { time, shuffle } of partials) {
    for (const [id, bucket, sent, version = 1] of shuffle) {
      const edge = edges.get(id)
      if (!edge) continue
      const some = migrateItems(edge, sent, version)
      const place = placeOf(id, bucket, time)
      const list = items.get(place)
      if (list) for (const item of some) list.push(item)
      else items.set(place, [...some])
    }
  }
  return items
}

function placeOf(edge: string, bucket: number, time: number): string {
  return `${edge}\n${bucket}\n${time}`
}
