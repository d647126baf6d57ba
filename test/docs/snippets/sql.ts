import { job, json, seconds } from 'millrace'

interface Order {
  readonly shop: string
  readonly cents: number
}

/** Read anew for every batch, from wherever it is kept. */
const readCountries = async () => [{ shop: 'north', country: 'NO' }]

export const perCountry = job('per-country', { batch: seconds(1) }, ({ kafka }) => {
  kafka('orders', { value: json<Order>() })
    .map(({ value }) => value)
    .transform(
      async (batch) =>
        batch.sql(
          `select coalesce(country, 'unknown') as country, sum(cents) as cents, max(cents / 100.0) as dearest
             from batch left join countries using (shop)
            group by all
            order by country`,
          {
            columns: { shop: 'text', cents: 'bigint' },
            tables: { countries: { rows: await readCountries(), columns: { shop: 'text', country: 'text' } } },
            returns: { country: 'text', cents: 'number', dearest: 'number' },
          },
        ),
      { id: 'per-country' },
    )
    .saveAsNdjsonFiles('s3://results/per-country')
})
