// The names under which operators keep their state, as users give them. They are short and plain, so that none can be one that is
// derived (`names/operators.ts`).

import { InvalidOptionError } from '../errors/errors.ts'
import { partId, soleAncestor, structureOf } from '../names/operators.ts'

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
  checkReserved(operator, 'formerly', formerly)
  return { id, formerly }
}

function checkPinned(operator: string, id: unknown): void {
  if (typeof id !== 'string' || !PINNED.test(id)) {
    throw new InvalidOptionError(
      `${operator}: id must be 1 to 100 of a-z, A-Z, 0-9, '.', '_', '-', got ${JSON.stringify(id)}. State that stands under another ` +
        'id is carried over by `formerly`.',
    )
  }
  checkReserved(operator, 'id', id)
}

function checkReserved(operator: string, option: string, id: string): void {
  const what = structureOf(id)
  if (!what) return
  throw new InvalidOptionError(`${operator}: ${option} '${id}' is what Millrace itself calls ${what}. Choose another.`)
}

/**
 * Who a part of an operator is that comes before the part with the state. Where the whole is pinned, so is the part; what the
 * state was called formerly says what the part was.
 */
export function partBefore(whole: Identity, part: string): Identity {
  const { id, formerly } = whole
  return {
    id: id === undefined ? undefined : partId(id, part),
    formerly: formerly && (soleAncestor(formerly) ?? partId(formerly, part)),
  }
}
