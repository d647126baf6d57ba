import { job, json, minutes } from 'millrace'
import { lambda } from 'millrace/lambda'

interface View {
  readonly at: string
  readonly page: string
}

export const pageViews = job('page-views', { batch: minutes(1) }, ({ kafka }) => {
  kafka('views', { value: json<View>() })
    .map(({ value }) => [value.page, 1] as const)
    .reduceByKey((a, b) => a + b)
    .saveAsNdjsonFiles('s3://results/page-views')
})

export const handler = lambda(pageViews)
