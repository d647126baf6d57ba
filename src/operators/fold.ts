// `reduce` and `count`: all elements of a batch folded to one, in one bucket. Folded on the side of the source first, in the fixed
// order in which partials are given (combine-by-key.ts).

import type { IdentityOptions } from '../options/identity.ts'
import { checkFunction } from '../options/options.ts'
import { identified } from '../options/shuffle.ts'
import type { ValueVersion } from '../options/state-version.ts'
import { synchronous } from '../options/synchronous.ts'
import type { Reduce } from '../options/widen.ts'
import { addCounts, type Combining, merged, mutable, own } from './accumulators.ts'
import type { Asked, BatchOperator, Elements, Made } from './operator.ts'

export interface Fold extends Combining {
  readonly makes?: Made
  /** Emitted for a batch without elements, if given. */
  readonly empty: { readonly value: unknown } | undefined
  create(element: unknown): unknown
  merge(a: unknown, b: unknown): unknown
}

export function reduce<T>(f: Reduce<T>, options: IdentityOptions): Asked {
  const who = identified('reduce', options)
  return folding(reducingAll(checkFunction('reduce', f)), who)
}

export function count(options: IdentityOptions): Asked {
  const who = identified('count', options)
  return folding({ create: () => 1, merge: addCounts, empty: { value: 0 }, makes: 'counts' }, who)
}

/** A fold that puts elements together as they are, and makes nothing of nothing. */
export function reducingAll<T>(merge: Reduce<T>): Fold {
  return { create: (element) => element, merge, empty: undefined }
}

const KIND = 'fold'

/** The operator. @param values the version of what is folded */
export function folding(how: Fold, who: Partial<Asked>, values?: ValueVersion): Asked {
  const operator: BatchOperator = {
    runs: 'on batches',
    kind: KIND,
    said: 'reduce or count',
    keys: 'lost',
    spread: 'all to one',
    combine: (elements) => foldLocally(how, elements),
    ...(how.makes && { makes: how.makes }),
    values,
    takesWhatItKeeps: true,
    create: ({ combined }) => ({
      run: (_, [elements = []]) => foldPartials(how, combined ? elements : foldLocally(how, elements)),
    }),
  }
  return { ...who, operator, numPartitions: 1 }
}

/** The bucket's side. `empty` says 0 for `count`, and in one bucket only, or there would be a 0 per bucket. */
function foldPartials(how: Fold, partials: Elements): unknown[] {
  if (partials.length === 0) return how.empty === undefined ? [] : [how.empty.value]
  return [partials.map(mutable).reduce((total, partial) => synchronous(KIND, how.merge(total, partial)))]
}

/** The source's side: elements to one accumulator, or to none when there are none. */
function foldLocally(how: Fold, elements: Elements): [accumulator?: unknown] {
  if (elements.length === 0) return []
  let total = own(how, how.create(elements[0]))
  for (let i = 1; i < elements.length; i++) {
    total = synchronous(KIND, how.merge(total, merged(how, how.create(elements[i]))))
  }
  return [total]
}
