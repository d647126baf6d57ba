// A logistic regression of all rows at once, by Newton's method, with its standard errors; and how well scores tell the two kinds apart.

export interface Row {
  readonly x: readonly number[]
  readonly y: boolean
}

export interface Fit {
  readonly weights: readonly number[]
  /** Standard errors of the weights, from the information matrix. */
  readonly errors: readonly number[]
  score(x: readonly number[]): number
}

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0)
const scoreOf = (weights: readonly number[], x: readonly number[]): number => 1 / (1 + Math.exp(-dot(weights, x)))

export function fitOf(rows: readonly Row[]): Fit {
  const size = rows[0]?.x.length ?? 0
  const zeros = (): number[] => Array.from({ length: size }, () => 0)
  let weights: readonly number[] = zeros()
  let inverse: number[][] = []
  for (let step = 0; step < 25; step++) {
    const gradient = zeros()
    const information = zeros().map(zeros)
    for (const { x, y } of rows) {
      const score = scoreOf(weights, x)
      for (const [i, row] of information.entries()) {
        gradient[i] = (gradient[i] ?? 0) + (Number(y) - score) * (x[i] ?? 0)
        for (let j = 0; j < size; j++) row[j] = (row[j] ?? 0) + score * (1 - score) * (x[i] ?? 0) * (x[j] ?? 0)
      }
    }
    inverse = inverted(information)
    weights = weights.map((weight, i) => weight + dot(inverse[i] ?? [], gradient))
  }
  const found = weights
  return {
    weights: found,
    errors: inverse.map((row, i) => Math.sqrt(row[i] ?? 0)),
    score: (x) => scoreOf(found, x),
  }
}

/** By Gauss and Jordan; an information matrix has no zeros on its diagonal. */
function inverted(matrix: readonly (readonly number[])[]): number[][] {
  const size = matrix.length
  const rows = matrix.map((row, i) => [...row, ...Array.from({ length: size }, (_, j) => Number(i === j))])
  for (let i = 0; i < size; i++) {
    const pivot = (rows[i] ?? []).map((value) => value / (rows[i]?.[i] ?? 1))
    for (const [j, row] of rows.entries())
      rows[j] = j === i ? pivot : row.map((value, k) => value - (row[i] ?? 0) * (pivot[k] ?? 0))
  }
  return rows.map((row) => row.slice(size))
}

/** How likely it is that a fraud scores higher than what is none, and the standard error of that (Hanley and McNeil, 1982). */
export function areaUnderCurve(scored: readonly { readonly score: number; readonly y: boolean }[]): {
  readonly area: number
  readonly error: number
} {
  const ranks = scored.toSorted((a, b) => a.score - b.score).flatMap(({ y }, i) => (y ? [i + 1] : []))
  const [yes, no] = [ranks.length, scored.length - ranks.length]
  const area = (ranks.reduce((a, b) => a + b, 0) - (yes * (yes + 1)) / 2) / (yes * no)
  const [q1, q2] = [area / (2 - area), (2 * area * area) / (1 + area)]
  const spread = area * (1 - area) + (yes - 1) * (q1 - area * area) + (no - 1) * (q2 - area * area)
  return { area, error: Math.sqrt(spread / (yes * no)) }
}
