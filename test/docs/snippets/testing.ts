import { job, json, seconds, text } from 'millrace'
import { simulate, testJob, testStream } from 'millrace/testing'

interface Order {
  readonly shop: string
  readonly cents: number
}

export const takings = job('takings', { batch: seconds(1) }, ({ kafka }) => {
  const byShop = kafka('orders', { value: json<Order>() }).map(({ value }) => [value.shop, value.cents])
  const countries = kafka('shops', { value: text() }).map(({ key, value }) => [key ?? '', value])
  byShop.reduceByKey((a, b) => a + b).saveAsTextFiles('s3://results/takings')
  byShop.leftOuterJoin(countries).print()
})

/** The operators alone: batches of elements in, batches of elements out. */
export const counts = await testStream(
  { batch: '1s', inputs: [[['a', 'a', 'b'], [], ['b']]], restart: 'every-batch' },
  (words) => words.map((word) => [word, 1]).reduceByKey((a, b) => a + b),
)

/** The whole job: records in, objects and prints out. */
export const answer = await testJob(takings, {
  records: {
    orders: [
      { value: { shop: 'north', cents: 120 }, timestamp: '0.2s' },
      { value: { shop: 'north', cents: 30 }, timestamp: '0.4s' },
      { value: { shop: 'south', cents: 80 }, timestamp: '2.5s' },
    ],
    shops: [{ key: 'north', value: 'Norway', headers: { source: 'import' } }],
  },
  partitions: { orders: 2 },
})

/** The same job under crashes, duplicates, lost answers and delays, all decided by the seed. */
export const report = await simulate(takings, {
  seed: 1,
  records: (random) =>
    Array.from({ length: 20 }, () =>
      random.chance(0.8)
        ? { topic: 'orders', value: { shop: random.pick(['north', 'south']), cents: random.int(1, 100) } }
        : { topic: 'shops', key: random.pick(['north', 'south']), value: 'Norway' },
    ),
})
