// Payments of three countries with some fraud among them, drawn from a model that is known; and what models that learn one payment after
// the other say of them, in one loop over all.

import { type Random, seededRandom } from '../../src/testing/simulation/random.ts'
import { byBatch, type Program } from './program.ts'

const BATCH = 10_000
const COUNTRIES = ['de', 'no', 'pt']
/** Of the constant, the amount, abroad, and the hours before six. */
const TRUE_WEIGHTS = [-2.5, 1.2, 1.5, 0.8]

export interface DrawnPayment {
  readonly id: string
  readonly at: number
  readonly country: string
  readonly cents: number
  readonly abroad: boolean
  readonly hour: number
  readonly fraud: boolean
}

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))
const times = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0)
const gauss = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())

/** What a payment is to a fit. */
export function rowOf({ cents, abroad, hour }: DrawnPayment): number[] {
  return [1, Math.log(cents / 5000), Number(abroad), Number(hour < 6)]
}

export function draw(start: number, count: number): DrawnPayment[] {
  const random = seededRandom(7)
  return Array.from({ length: count }, (_, i) => {
    const drawn = {
      id: `p${i}`,
      at: start + i * 100,
      country: random.pick(COUNTRIES),
      cents: Math.max(1, Math.round(5000 * Math.exp(gauss(random)))),
      abroad: random.chance(0.3),
      hour: random.int(0, 24),
      fraud: false,
    }
    return { ...drawn, fraud: random.chance(sigmoid(times(TRUE_WEIGHTS, rowOf(drawn)))) }
  })
}

export const FRAUD: Program = {
  name: 'fraud',
  topic: ['PAYMENTS', 'payments'],
  what: 'payments of three countries, ten a second',
  batch: BATCH,
  batches: '10 seconds',
  shows: 'fraud-models',
  records: (start) =>
    draw(start, 3000).map((payment) => ({ key: payment.id, value: JSON.stringify(payment), timestamp: payment.at })),
  recount(records) {
    const models = new Map<string, { w: number[]; p: number[][] }>()
    const clusters = new Map<string, { centers: number[][]; weights: number[]; at: number }>()
    const [scores, weights, placed] = [
      new Map<number, string[]>(),
      new Map<number, string[]>(),
      new Map<number, string[]>(),
    ]
    for (const [time, values] of byBatch(records)) {
      const payments: DrawnPayment[] = values.map((value) => JSON.parse(value))
      payments.sort((a, b) => a.at - b.at)
      const [scored, near]: [string[], string[]] = [[], []]
      for (const payment of payments) {
        const model = models.get(payment.country) ?? { w: [0, 0, 0, 0], p: diagonal(4, 10) }
        models.set(payment.country, model)
        const { id, country, fraud } = payment
        scored.push(JSON.stringify({ id, country, score: learn(model, rowOf(payment), fraud), fraud }))
      }
      for (const country of COUNTRIES) {
        const mine = payments.filter((payment) => payment.country === country)
        if (mine.length === 0) continue
        const model = clusters.get(country) ?? {
          centers: [
            [-1, 1.5],
            [0, 2],
            [1, 3.5],
          ],
          weights: [0, 0, 0],
          at: time - BATCH,
        }
        clusters.set(country, model)
        for (const { id, at } of assign(model, mine, time)) near.push(JSON.stringify({ id, country, ...at }))
      }
      scores.set(time, scored)
      placed.set(time, near)
      weights.set(
        time,
        Array.from(models, ([country, { w }]) => JSON.stringify({ country, weights: w })),
      )
    }
    return { 'fraud-scores': scores, 'fraud-models': weights, 'fraud-clusters': placed }
  },
}

function diagonal(size: number, value: number): number[][] {
  return Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => (i === j ? value : 0)))
}

/** The score before learning. The textbook's form: the covariance is that of before, less its gain. */
function learn(model: { w: number[]; p: number[][] }, x: number[], fraud: boolean): number {
  const score = sigmoid(times(model.w, x))
  const px = model.p.map((row) => times(row, x))
  const innovation = 1 / (score * (1 - score)) + times(x, px)
  model.p = model.p.map((row, i) => row.map((value, j) => value - ((px[i] ?? 0) * (px[j] ?? 0)) / innovation))
  const gain = model.p.map((row) => times(row, x))
  model.w = model.w.map((w, i) => w + (gain[i] ?? 0) * (Number(fraud) - score))
  return score
}

/** Where payments were before the clusters moved; then `c = (c n a + x m) / (n a + m)`, as Spark documents StreamingKMeansModel. */
function assign(
  model: { centers: number[][]; weights: number[]; at: number },
  payments: readonly DrawnPayment[],
  time: number,
): { id: string; at: { cluster: number; distance: number } }[] {
  const found = payments.map((payment) => {
    const xy = [Math.log(payment.cents / 5000), payment.hour / 6]
    const away = model.centers.map(([x = 0, y = 0]) => Math.hypot(x - (xy[0] ?? 0), y - (xy[1] ?? 0)))
    const cluster = away.indexOf(Math.min(...away))
    return { id: payment.id, xy, at: { cluster, distance: away[cluster] ?? 0 } }
  })
  const a = 0.5 ** ((time - model.at) / BATCH / 60)
  model.weights = model.weights.map((n) => n * a)
  for (const [c, center] of model.centers.entries()) {
    const mine = found.filter(({ at }) => at.cluster === c)
    const n = model.weights[c] ?? 0
    if (mine.length === 0) continue
    model.centers[c] = center.map(
      (v, i) => (v * n + mine.reduce((s, { xy }) => s + (xy[i] ?? 0), 0)) / (n + mine.length),
    )
    model.weights[c] = n + mine.length
  }
  model.at = time
  if (Math.min(...model.weights) < 1e-8 * Math.max(...model.weights))
    throw new Error('a cluster dies: other data, please')
  return found.map(({ id, at }) => ({ id, at }))
}
