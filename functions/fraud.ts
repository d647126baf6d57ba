// Payments, scored as they come by models that learn from them: a logistic regression and clusters, both in keyed state, one of each per
// country. Every payment is scored before the models have seen it, in the same pass. Payments of a batch are put in the order of their
// times first, so scores depend on the payments alone, and not on the partitions that they came through.

import { type DStream, duration, job, json, type State, StateSpec, seconds } from 'millrace'
import { lambda } from 'millrace/lambda'

const { RESULTS = 'results', PAYMENTS = 'payments', IDLE_AFTER = '10s' } = process.env

const BATCH = seconds(10)

export interface Payment {
  readonly id: string
  readonly at: number
  readonly country: string
  readonly cents: number
  readonly abroad: boolean
  readonly hour: number
  /** Whether it turned out to be one; left out as long as nobody knows, and then it is scored only. */
  readonly fraud?: boolean
}

export type Vector = readonly number[]

const dot = (a: Vector, b: Vector): number => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0)
const amount = ({ cents }: Payment): number => Math.log(cents / 5000)

/** @throws Error for an amount that is none, which makes the record a poison one: a single NaN would be in every weight from then on. */
export function checked(payment: Payment): Payment {
  if (payment.cents > 0 && Number.isFinite(payment.cents)) return payment
  throw new Error(`payment ${payment.id}: expected an amount in cents above 0, got ${payment.cents}`)
}

/** What the regression sees: a constant, and three reasons to look twice. */
export const features = (payment: Payment): Vector => [
  1,
  amount(payment),
  payment.abroad ? 1 : 0,
  payment.hour < 6 ? 1 : 0,
]

/** What the clusters see: how much, and when. */
export const point = (payment: Payment): Vector => [amount(payment), payment.hour / 6]

type PerCountry = DStream<[country: string, payments: readonly Payment[]]>

/** The payments of a batch by country, in the order of their times. */
export function byCountry(payments: DStream<Payment>): PerCountry {
  return payments
    .map((payment) => [payment.country, payment])
    .groupByKey()
    .mapValues((all) => all.toSorted((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1)))
}

export interface Regression {
  readonly weights: Vector
  /** How uncertain each weight still is, and each pair of them together. */
  readonly covariance: readonly Vector[]
}

const NOTHING_LEARNED: Regression = {
  weights: [0, 0, 0, 0],
  covariance: [0, 1, 2, 3].map((i) => [0, 1, 2, 3].map((j) => (i === j ? 10 : 0))),
}

export const scoreOf = ({ weights }: Regression, x: Vector): number => 1 / (1 + Math.exp(-dot(weights, x)))

/**
 * One step of the recursive fit (Newton's, or a Kalman filter's): as far as the uncertainty allows, and no learning rate to choose. Ends where a
 * fit of all data at once does, where plain gradient steps are still ten times as far away after 2,000 payments.
 */
export function learned(model: Regression, x: Vector, fraud: boolean): Regression {
  const score = scoreOf(model, x)
  const spread = model.covariance.map((row) => dot(row, x))
  const information = score * (1 - score)
  const scale = information / (1 + information * dot(x, spread))
  const covariance = model.covariance.map((row, i) =>
    row.map((value, j) => value - scale * (spread[i] ?? 0) * (spread[j] ?? 0)),
  )
  const surprise = (fraud ? 1 : 0) - score
  return { weights: model.weights.map((weight, i) => weight + dot(covariance[i] ?? [], x) * surprise), covariance }
}

const regression = StateSpec.function(
  (country: string, payments: readonly Payment[] | undefined, state: State<Regression>) => {
    let model = state.getOption() ?? NOTHING_LEARNED
    const scored = (payments ?? []).map((payment) => {
      const { id, fraud } = payment
      const score = scoreOf(model, features(payment))
      if (fraud !== undefined) model = learned(model, features(payment), fraud)
      return { id, country, score, ...(fraud !== undefined && { fraud }) }
    })
    state.update(model)
    return { country, scored }
  },
)

/** Scores of each country's payments, batch by batch; `stateSnapshots()` has the models. */
export function scores(payments: PerCountry) {
  return payments.mapWithState(regression, { id: 'regression' })
}

export interface Clusters {
  readonly centers: readonly Vector[]
  readonly weights: readonly number[]
}

/** How much the past still counts: `decayFactor` once per batch, or once per point. */
export interface Forgetting {
  readonly decayFactor: number
  readonly timeUnit: 'batches' | 'points'
}

/** After so many batches or points what was learned counts half. Spark: `StreamingKMeans.setHalfLife`. */
export const halfLife = (units: number, timeUnit: Forgetting['timeUnit']): Forgetting => ({
  decayFactor: 0.5 ** (1 / units),
  timeUnit,
})

export function nearest(centers: readonly Vector[], at: Vector): { cluster: number; distance: number } {
  const distances = centers.map((center) => Math.hypot(...center.map((value, i) => value - (at[i] ?? 0))))
  const distance = Math.min(...distances)
  return { cluster: distances.indexOf(distance), distance }
}

/**
 * Clusters after a batch of points, `batches` after the last one: each center goes to the mean of what it stands for and of the points that
 * are nearest to it. Source: `StreamingKMeansModel.update` of org.apache.spark.mllib.clustering.
 */
export function clustered(
  { centers, weights }: Clusters,
  points: readonly Vector[],
  { decayFactor, timeUnit }: Forgetting,
  batches = 1,
): Clusters {
  const discount = decayFactor ** (timeUnit === 'batches' ? batches : points.length)
  const labels = points.map((at) => nearest(centers, at).cluster)
  const moved = centers.map((center, cluster) => {
    const mine = points.filter((_, i) => labels[i] === cluster)
    const before = (weights[cluster] ?? 0) * discount
    if (mine.length === 0) return { center, weight: before }
    const weight = before + mine.length
    const share = mine.length / weight
    const mean = center.map((_, i) => mine.reduce((sum, at) => sum + (at[i] ?? 0), 0) / mine.length)
    return { center: center.map((value, i) => value * (1 - share) + (mean[i] ?? 0) * share), weight }
  })
  return revived({ centers: moved.map(({ center }) => center), weights: moved.map(({ weight }) => weight) })
}

/** A cluster that weighs next to nothing takes half of the heaviest one, a hair's breadth beside it. */
function revived({ centers, weights }: Clusters): Clusters {
  const [most, least] = [Math.max(...weights), Math.min(...weights)]
  if (least >= 1e-8 * most) return { centers, weights }
  const [heaviest, dying] = [weights.indexOf(most), weights.indexOf(least)]
  const split = centers[heaviest] ?? []
  const beside = (side: number): Vector => split.map((value) => value + side * 1e-14 * Math.max(Math.abs(value), 1))
  return {
    centers: centers.map((center, i) => (i === heaviest ? beside(1) : i === dying ? beside(-1) : center)),
    weights: weights.map((weight, i) => (i === heaviest || i === dying ? (most + least) / 2 : weight)),
  }
}

/** Small amounts in the morning, middling ones at noon, large ones at night: where the clusters begin, and count for nothing. */
const START = {
  centers: [
    [-1, 1.5],
    [0, 2],
    [1, 3.5],
  ],
  weights: [0, 0, 0],
}
const FORGETTING = halfLife(60, 'batches')

const clusters = StateSpec.function(
  (
    time: number,
    country: string,
    payments: readonly Payment[] | undefined,
    state: State<Clusters & { at: number }>,
  ) => {
    const model = state.getOption() ?? { ...START, at: time - BATCH }
    const points = (payments ?? []).map(point)
    state.update({ ...clustered(model, points, FORGETTING, (time - model.at) / BATCH), at: time })
    const placed = (payments ?? []).map(({ id }, i) => ({ id, country, ...nearest(model.centers, points[i] ?? []) }))
    return { country, placed }
  },
)

/** In which cluster payments are, and how far from its center: what is far from all of them is unusual. */
export function distances(payments: PerCountry) {
  return payments.mapWithState(clusters, { id: 'clusters' }).flatMap(({ placed }) => placed)
}

export const fraud = job('fraud', { batch: BATCH, idleAfter: duration(IDLE_AFTER) }, ({ kafka }) => {
  const payments = byCountry(kafka(PAYMENTS, { value: json<Payment>() }).map(({ value }) => checked(value)))
  const scored = scores(payments)

  scored.flatMap((of) => of.scored).saveAsNdjsonFiles(`s3://${RESULTS}/fraud-scores`)
  scored
    .stateSnapshots()
    .map(([country, { weights }]) => ({ country, weights }))
    .saveAsNdjsonFiles(`s3://${RESULTS}/fraud-models`)
  distances(payments).saveAsNdjsonFiles(`s3://${RESULTS}/fraud-clusters`)
})

export const handler = lambda(fraud)
