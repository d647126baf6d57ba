import { type Job, job, json } from 'millrace'

interface Order {
  readonly customer: unknown
  readonly amount: number
}

export const orders: Job = job(
  'orders',
  { batch: '1m', numPartitions: 1, retention: '3650d', onPoison: 'quarantine' },
  ({ kafka }) => {
    kafka('orders', { value: json<Order>() })
      .map(({ value }) => [value.customer, value.amount] as const)
      .reduceByKey((a, b) => a + b)
      .saveAsTextFiles('s3://results/totals')
  },
)
