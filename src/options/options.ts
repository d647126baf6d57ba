// Options are checked once, at the edge, against the list of known names: an unknown one is an error that suggests the nearest.

import { InvalidOptionError } from '../errors/errors.ts'

/**
 * Refuses unknown option names.
 *
 * @throws InvalidOptionError naming the option, where it stands, and the nearest known name.
 */
export function checkKnownOptions(where: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new InvalidOptionError(
      `${where}: expected an object of options, got ${describe(options)}. Known options: ${known.join(', ')}.`,
    )
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    const near = nearest(name, known)
    throw new InvalidOptionError(
      `${where}: unknown option '${name}'.${near ? ` Did you mean '${near}'?` : ''} Known options: ${known.join(', ')}.`,
    )
  }
}

/** Refuses a value that is none of the choices, suggesting the nearest; an absent one becomes the first choice. */
export function checkChoice<const C extends string>(
  where: string,
  value: C | undefined,
  choices: readonly [C, ...C[]],
): C {
  if (value === undefined) return choices[0]
  if (choices.includes(value)) return value
  const near = nearest(String(value), choices)
  throw new InvalidOptionError(
    `${where}: ${JSON.stringify(value)} is not possible.${near ? ` Did you mean '${near}'?` : ''} Choose one of ${choices.join(', ')}.`,
  )
}

/** Each bucket is a commit log, read by every cold instance and written for every batch that falls into it. */
export const MAX_PARTITIONS = 10_000

/** Refuses a number of buckets that is none, or more than any job could run. */
export function checkPartitions(where: string, count: number): number {
  if (Number.isInteger(count) && count >= 1 && count <= MAX_PARTITIONS) return count
  throw new InvalidOptionError(`${where}: must be a whole number from 1 to ${MAX_PARTITIONS}, got ${count}.`)
}

/** The known name with the least edit distance, if it is near enough to be a slip of the finger. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let least = Math.max(2, Math.floor(name.length / 2)) + 1
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (distance < least) [best, least] = [candidate, distance]
  }
  return best
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next[j] = Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1)
    }
    row = next
  }
  return row[b.length] ?? 0
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing'
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`
}

/** Refuses what is no function; plain JavaScript has no compiler. @throws InvalidOptionError */
export function checkFunction<F>(operator: string, f: F): F {
  if (typeof f === 'function') return f
  throw new InvalidOptionError(`${operator}: expected a function, got ${f === null ? 'null' : typeof f}.`)
}
