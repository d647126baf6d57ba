import { job, json, seconds, transform } from 'millrace'

interface Order {
  readonly shop: string
  readonly cents: number
}

export const best = job('best', { batch: seconds(1) }, ({ kafka }) => {
  const orders = kafka('orders', { value: json<Order>() }).map(({ value }) => value)
  const perShop = orders.map(({ shop, cents }) => [shop, cents] as const)

  // The two largest orders of every second: a limit of the stream, so that only they travel.
  orders
    .sortBy(({ cents }) => cents, { ascending: false })
    .take(2)
    .saveAsNdjsonFiles('s3://results/largest')

  // A static list beside the stream: any iterable of pairs can be joined.
  const countries = new Map([['north', 'NO']])
  perShop
    .transform((batch) => batch.reduceByKey((a, b) => a + b).leftOuterJoin(countries))
    .map(([shop, [cents, country = 'unknown']]) => ({ shop, cents, country }))
    .saveAsNdjsonFiles('s3://results/countries')

  // Two streams; with `transform` any number.
  const large = orders.filter(({ cents }) => cents >= 100)
  transform([orders, large], ([all, some], time) => [
    { time, orders: all.count(), large: some.count() },
  ]).saveAsNdjsonFiles('s3://results/share')
})
