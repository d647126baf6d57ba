import { type Job, job, json } from 'millrace'

interface Order {
  readonly customer: unknown
  readonly amount: number
}

export const orders: Job = job('orders', { batch: '1m', numPartitions: 4, retention: '3650d' }, ({ kafka }) => {
  kafka('orders', { value: json<Order>() })
    .map(({ value }) => [value.customer, value.amount] as const)
    .updateStateByKey(
      (amounts: readonly number[], total: number | undefined) => amounts.reduce((a, b) => a + b, total ?? 0),
      { id: 'totals' },
    )
    .saveAsTextFiles('s3://results/totals')
})
