import { job, json, seconds, tumbling } from 'millrace'

interface View {
  readonly user: string
  readonly page: string
  /** When it happened, not when it came. */
  readonly at: number
}

/** Views per page and ten seconds of the time at which they happened. */
export const perPage = job('per-page', { batch: seconds(5) }, ({ kafka }) => {
  const views = kafka('views', { value: json<View>() })
    .map(({ value }) => value)
    .withWatermark(({ at }) => at, '10s', { idle: '30s' })
  views
    .groupBy({ key: ({ page }) => page, window: tumbling('10s') })
    .count({ late: (rows) => rows.saveAsNdjsonFiles('s3://results/late') })
    .map(({ key, window, value }) => ({ page: key, from: window.start / 1000, views: value }))
    .toDStream()
    .saveAsNdjsonFiles('s3://results/per-page')
})
