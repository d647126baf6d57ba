// The names under which operators keep their state, as users give them, and as they are made and taken apart: by this file only.
// Given names are short and plain; derived ones contain parentheses, those of inner parts a `~`. So the three can never meet.

import { createHash } from 'node:crypto'
import { InvalidOptionError } from '../errors/errors.ts'

/** Options that say who an operator is, the same for all that keep state or shuffle. */
export interface IdentityOptions {
  /**
   * Pins the operator's identity, so that its state survives changes elsewhere in the job: 1 to 100 letters, digits, `.`, `_`
   * and `-`, not repeated in the job. Default: derived from the operators and topics that it reads.
   */
  readonly id?: string
  /**
   * The id under which its state stands already, given or derived, when that is another than the operator would have now: after
   * a first `id`, a renaming, or changes before it. It stays for as long as the state does.
   *
   * @example pairs.updateStateByKey(count, { id: 'counts', formerly: 'updateStateByKey(lines)' })
   */
  readonly formerly?: string
}

/** What `checkKnownOptions` has to know of {@link IdentityOptions}. */
export const IDENTITY_OPTIONS = ['id', 'formerly'] as const

/** As nodes have it. */
export interface Identity {
  readonly id: string | undefined
  readonly formerly?: string | undefined
}

const PINNED = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/
/** Stages of their own, and the outputs of print(). */
const RESERVED = /^(source|close|print-\d+)$/
/** Former ids may be of older code, which was less strict. They are part of the keys of commit logs and snapshots. */
const MAX_FORMER_BYTES = 200

/** @throws InvalidOptionError */
export function identityOf(operator: string, { id, formerly }: IdentityOptions): Identity {
  if (id !== undefined) checkPinned(operator, id)
  if (formerly === undefined) return { id }
  if (typeof formerly !== 'string' || formerly === '' || Buffer.byteLength(formerly) > MAX_FORMER_BYTES) {
    throw new InvalidOptionError(
      `${operator}: formerly must be the id under which state stands, as \`millrace plan\` shows it, got ${JSON.stringify(formerly)}.`,
    )
  }
  if (RESERVED.test(formerly)) throw reserved(operator, 'formerly', formerly)
  return { id, formerly }
}

function checkPinned(operator: string, id: unknown): void {
  if (typeof id !== 'string' || !PINNED.test(id)) {
    throw new InvalidOptionError(
      `${operator}: id must be 1 to 100 of a-z, A-Z, 0-9, '.', '_', '-', got ${JSON.stringify(id)}. State that stands under another ` +
        'id is carried over by `formerly`.',
    )
  }
  if (RESERVED.test(id)) throw reserved(operator, 'id', id)
}

function reserved(operator: string, option: string, id: string): InvalidOptionError {
  return new InvalidOptionError(
    `${operator}: ${option} '${id}' is what Millrace itself calls ${id.startsWith('print') ? 'an output' : 'a stage'}. Choose another.`,
  )
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

/**
 * Who a part of an operator is that comes before the part with the state. Where the whole is pinned, so is the part; what the
 * state was called formerly says what the part was.
 */
export function partBefore(whole: Identity, part: string): Identity {
  const { id, formerly } = whole
  return {
    id: id === undefined ? undefined : `${id}~${part}`,
    formerly: formerly && (soleAncestor(formerly) ?? `${formerly}~${part}`),
  }
}

export function isPartId(id: string): boolean {
  return id.includes('~') && !id.includes('(')
}

/** `x` of `kind(x)`; undefined of an id that is not derived. */
function soleAncestor(id: string): string | undefined {
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
