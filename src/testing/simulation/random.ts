// Random numbers that a seed decides: sfc32 over a splitmix32 seed, so that neighbouring seeds have nothing in common.

/** Random numbers that the seed decides. */
export interface Random {
  /** In [0, 1). */
  next(): number
  /** A whole number in [from, until). */
  int(from: number, until: number): number
  /** True with this probability, from 0 to 1. */
  chance(probability: number): boolean
  /** One element of a list that has some. */
  pick<T>(list: readonly T[]): T
  /** Every element with this probability (default 0.5), in order. */
  some<T>(list: readonly T[], probability?: number): T[]
}

/**
 * A stream of its own for one part of a run: what one part draws, and whether it takes place at all, changes nothing for
 * the others. Without that a failing seed could not be shrunk.
 */
export function derivedRandom(seed: number, ...part: readonly number[]): Random {
  let state = seed >>> 0
  for (const number of part) state = Math.imul(state ^ (number + 0x9e3779b9), 0x85ebca6b) ^ (state >>> 13)
  return seededRandom(state)
}

export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const splitmix = (): number => {
    state = (state + 0x9e3779b9) >>> 0
    let z = state
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return (z ^ (z >>> 15)) >>> 0
  }
  let [a, b, c, d] = [splitmix(), splitmix(), splitmix(), 1]
  const next = (): number => {
    const t = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return (t >>> 0) / 4294967296
  }
  const int = (from: number, until: number): number => from + Math.floor(next() * (until - from))
  return {
    next,
    int,
    chance: (probability) => next() < probability,
    pick(list) {
      const picked = list[int(0, list.length)]
      if (picked === undefined) throw new RangeError('nothing to pick from')
      return picked
    },
    some: (list, probability = 0.5) => list.filter(() => next() < probability),
  }
}
