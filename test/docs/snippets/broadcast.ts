import { job, json, seconds } from 'millrace'

/** The shops that are blocked now, as a database or a file would say. */
export const blocklist = { shops: ['south'], reads: 0 }

async function readBlocked(): Promise<Set<string>> {
  blocklist.reads++
  return new Set(blocklist.shops)
}

export const allowed = job('allowed', { batch: seconds(1) }, ({ kafka }) => {
  const orders = kafka('orders', { value: json<{ readonly shop: string; readonly cents: number }>() })
  const perShop = orders.map(({ value }) => [value.shop, value.cents] as const).reduceByKey((a, b) => a + b)

  const blocked = perShop.broadcast(readBlocked, { refresh: '2s', id: 'blocked' })

  perShop
    .withBroadcast(blocked, (batch, shops) => batch.filter(([shop]) => !shops.has(shop)), { id: 'allowed' })
    .saveAsTextFiles('s3://results/allowed')

  perShop
    .withBroadcast(blocked, (batch, shops) => [{ blocked: batch.filter(([shop]) => shops.has(shop)).count() }], {
      id: 'dropped',
    })
    .saveAsNdjsonFiles('s3://results/dropped')
})
