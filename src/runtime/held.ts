// What commits have for batches that are not closed yet, as this process holds it. What travels is handed out as decoding the
// commit gives it, and decoded anew whenever it is asked for again (I8, DESIGN §2a): what this process has committed itself may
// have been changed by user code since, and so may what a failed try was given.

import type { BatchPartial } from '../log/commit-record.ts'

/** What a partial says without its items, which may not be handed to user code: they count only. */
export interface Outline {
  readonly time: number
  readonly samples: BatchPartial['samples']
  readonly shuffle: readonly (readonly [
    edge: string,
    bucket: number,
    items: { readonly length: number },
    version?: number,
  ])[]
}

/** What one commit has for one batch. */
export interface Part extends Outline {
  /** The same with its items, the caller's own. */
  fresh(): BatchPartial
}

/**
 * The parts of one commit, which are held as the bytes of the commit.
 *
 * @param partials as committed by this process, or as read
 * @param again decodes the commit
 * @param read whether nobody has seen `partials` yet, so that they can be handed out once
 */
export function partsOf(
  partials: readonly BatchPartial[],
  again: () => readonly BatchPartial[],
  read = false,
): readonly Part[] {
  if (partials.every(({ shuffle }) => shuffle.length === 0)) return partials.map(withoutItems)
  /** Decoded, and handed to nobody yet. One decoding serves all batches of a commit: their items have nothing in common. */
  let unseen = new Map(read ? byTime(partials) : [])
  return partials.map((partial) => ({
    ...outlineOf(partial),
    fresh: () => {
      if (!unseen.has(partial.time)) unseen = new Map(byTime(again()))
      const fresh = unseen.get(partial.time)
      unseen.delete(partial.time)
      return fresh ?? { time: partial.time, samples: partial.samples, shuffle: [] }
    },
  }))
}

function byTime(partials: readonly BatchPartial[]): (readonly [number, BatchPartial])[] {
  return partials.map((partial) => [partial.time, partial])
}

function withoutItems(partial: BatchPartial): Part {
  return { ...partial, fresh: () => partial }
}

function outlineOf({ time, samples, shuffle }: BatchPartial): Outline {
  const lengths = shuffle.map(([edge, bucket, { length }, ...version]): Outline['shuffle'][number] => [
    edge,
    bucket,
    { length },
    ...version,
  ])
  return { time, samples, shuffle: lengths }
}

/** What the tasks before a stage have for some batches, in the order in which it is folded. */
export class Contributions {
  /** By task. */
  readonly parts: readonly (readonly Part[])[]
  #first: readonly BatchPartial[] | undefined

  constructor(parts: readonly (readonly Part[])[]) {
    this.parts = parts
  }

  /** Decoded once for all stages that read it: what goes over one edge has nothing in common with what goes over another. */
  get first(): readonly BatchPartial[] {
    this.#first ??= this.anew()
    return this.#first
  }

  /** For a stage that has run already with what `first` gave. */
  anew(): readonly BatchPartial[] {
    return this.parts.flat().map((part) => part.fresh())
  }
}
