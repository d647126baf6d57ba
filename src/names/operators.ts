// Ids under which operators keep their state, as they are derived. Given ids are short and plain; derived ones have parentheses, those of
// inner parts a `~`, and those of structure are refused to users: so none can meet. What is found in an id again is found here.

import { createHash } from 'node:crypto'
import { isNumberedOutputId } from './outputs.ts'
import { CLOSE_STAGE, IN_PLACE, SOURCE_STAGE } from './tasks.ts'

/** What structure calls so, if it does: no operator may have it for an id, also none from before. */
export function structureOf(id: string): 'a stage' | 'an output' | undefined {
  if (isNumberedOutputId(id)) return 'an output'
  const isStage = id === SOURCE_STAGE || id === CLOSE_STAGE || id === IN_PLACE || id.startsWith(`${IN_PLACE} `)
  return isStage ? 'a stage' : undefined
}

/** Ids that name all of an operator's ancestors grow with every topic and join; longer ones end in a hash of the whole. */
const MAX_ID = 120

export function shortId(id: string): string {
  if (id.length <= MAX_ID) return id
  const hash = createHash('sha256').update(id).digest('hex').slice(0, 24)
  return `${id.slice(0, MAX_ID - hash.length - 1)}~${hash}`
}

/** The id of an operator that has none: its kind, and the operators and topics that it reads. */
export function derivedId(kind: string, ancestors: readonly string[]): string {
  return shortId(`${kind}(${[...new Set(ancestors)].join(',')})`)
}

/** Of several with one derived id the second, third …; the first has it as it is. */
export function numbered(base: string, n: number): string {
  return n === 1 ? base : `${base}#${n}`
}

/** Of several with one derived id, the one whose elements a pinned operator gets. */
export function toldApart(base: string, pinned: string): string {
  return `${base}@${pinned}`
}

/** The id of a part of an operator that comes before the part with the state. */
export function partId(whole: string, part: string): string {
  return `${whole}~${part}`
}

export function isPartId(id: string): boolean {
  return id.includes('~') && !id.includes('(')
}

/** `x` of `kind(x)`; undefined of an id that is not derived. */
export function soleAncestor(id: string): string | undefined {
  return /^\w+\((.+)\)(?:#\d+|@[\w.-]+)?$/.exec(id)?.[1]
}

/** The id with this base that a longer derived id names among its ancestors. */
export function ancestorIn(id: string, base: string): string | undefined {
  for (let at = id.indexOf(base); at >= 0; at = id.indexOf(base, at + 1)) {
    const whole = /^(?:#\d+|@[\w.-]+)?(?=[,)])/.exec(id.slice(at + base.length))
    if (whole && (id[at - 1] === '(' || id[at - 1] === ',')) return base + whole[0]
  }
  return undefined
}
