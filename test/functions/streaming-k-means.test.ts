// The clusters of functions/fraud.ts follow Spark's rule. Tables: the examples of pyspark's StreamingKMeansModel (`clustering.py`) and of
// StreamingKMeansSuite of org.apache.spark.mllib.clustering.

import { describe, expect, it } from 'vitest'
import {
  byCountry,
  type Clusters,
  clustered,
  distances,
  halfLife,
  nearest,
  type Payment,
  point,
  type Vector,
} from '../../functions/fraud.ts'
import { testStream } from '../../src/testing/index.ts'
import { seededRandom } from '../../src/testing/simulation/random.ts'

const NEVER = { decayFactor: 1, timeUnit: 'batches' } as const

function expectClose(clusters: Clusters, centers: readonly Vector[], weights: Vector): void {
  const digits = (numbers: readonly Vector[]) => numbers.map((some) => some.map((one) => Number(one.toFixed(9))))
  expect(digits(clusters.centers)).toEqual(digits(centers))
  expect(digits([clusters.weights])).toEqual(digits([weights]))
}

describe('a batch of points', () => {
  it("moves the centers as pyspark's example shows", () => {
    const start = {
      centers: [
        [0, 0],
        [1, 1],
      ],
      weights: [1, 1],
    }
    const first = clustered(
      start,
      [
        [-0.1, -0.1],
        [0.1, 0.1],
        [0.9, 0.9],
        [1.1, 1.1],
      ],
      NEVER,
    )
    expectClose(
      first,
      [
        [0, 0],
        [1, 1],
      ],
      [3, 3],
    )
    expect(
      [
        [-0.1, -0.1],
        [0.9, 0.9],
      ].map((at) => nearest(first.centers, at).cluster),
    ).toEqual([0, 1])
    const second = clustered(
      first,
      [
        [1.5, 1.5],
        [0.2, 0.2],
      ],
      { decayFactor: 0, timeUnit: 'batches' },
    )
    expectClose(
      second,
      [
        [0.2, 0.2],
        [1.5, 1.5],
      ],
      [1, 1],
    )
  })

  it('makes a single center the mean of all points, without decay', () => {
    const random = seededRandom(42)
    const batches = Array.from({ length: 10 }, () => Array.from({ length: 50 }, () => [random.next(), random.next()]))
    const start: Clusters = { centers: [[0, 0]], weights: [0] }
    const end = batches.reduce((clusters, points) => clustered(clusters, points, NEVER), start)
    const mean = [0, 1].map((i) => batches.flat().reduce((sum, at) => sum + (at[i] ?? 0), 0) / 500)
    expectClose(end, [mean], [500])
  })

  it.each([
    [halfLife(2, 'batches'), [4 * 0.5 ** 0.5 + 2, 4 * 0.5 ** 0.5 + 1]],
    [halfLife(3, 'points'), [4 * 0.5 + 2, 4 * 0.5 + 1]], // all points of the batch count, not those of a cluster
  ])('lets the past count less: %j', (forgetting, weights) => {
    const start = { centers: [[0], [10]], weights: [4, 4] }
    const [left = 0, right = 0] = weights
    const after = clustered(start, [[1], [2], [13]], forgetting)
    expectClose(after, [[3 / left], [(10 * (right - 1) + 13) / right]], weights)
  })

  it('counts for several when batches without points lie between, as Spark has it who updates with none', () => {
    const start: Clusters = { centers: [[0], [10]], weights: [4, 4] }
    const empty = [1, 2].reduce((clusters) => clustered(clusters, [], halfLife(2, 'batches')), start)
    const stepwise = clustered(empty, [[1]], halfLife(2, 'batches'))
    expectClose(clustered(start, [[1]], halfLife(2, 'batches'), 3), stepwise.centers, stepwise.weights)
  })

  it('splits the heaviest cluster when one dies', () => {
    const after = clustered({ centers: [[0], [100]], weights: [1, 0] }, [[0.5], [1.5]], NEVER)
    expect(after.weights).toEqual([1.5, 1.5])
    const [[left = 0] = [], [right = 0] = []] = after.centers
    expect(left - right).toBeGreaterThan(0)
    expectClose(after, [[2 / 3], [2 / 3]], [1.5, 1.5])
    // From then on they go apart.
    const apart = clustered(after, [[0], [2]], NEVER)
    expect(apart.centers.map(([x]) => Number(x?.toFixed(3)))).toEqual([1.2, 0.4])
  })
})

it('has clusters per country, and says how far a payment was from them before it moved them', async () => {
  const payment = (id: string, country: string, cents: number, hour: number): Payment => ({
    id,
    at: 0,
    country,
    cents,
    abroad: false,
    hour,
  })
  const batch = [payment('a', 'no', 5000, 12), payment('b', 'no', 5000, 15), payment('c', 'pt', 5000, 12)]
  const inputs: [Payment[][]] = [[batch, [payment('d', 'no', 5000, 15)]]]
  const [first, second] = await testStream({ batch: '10s', inputs, restart: 'every-batch' }, (payments) =>
    distances(byCountry(payments)),
  )
  expect(first?.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual([
    { id: 'a', country: 'no', cluster: 1, distance: 0 },
    { id: 'b', country: 'no', cluster: 1, distance: 0.5 },
    { id: 'c', country: 'pt', cluster: 1, distance: 0 },
  ])
  // The center of these was at noon, and has gone to the mean of twelve and fifteen.
  expect(second?.[0]?.distance).toBeCloseTo(0.25, 9)
  expect(point(payment('e', 'no', 5000, 12))).toEqual([0, 2])
})
