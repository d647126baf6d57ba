// The soak's stateless job: every record to one output, every third one to a second, as functions/flights.ts does. It runs in
// processes that the soak kills; where things are comes in environment variables.

import { job, text } from 'millrace'
import { lambda } from 'millrace/lambda'

const { RESULTS = 'results', EVENTS = 'events', IDLE_AFTER = '20s' } = process.env

export const events = job('soak-events', { batch: '10s', idleAfter: IDLE_AFTER }, ({ kafka }) => {
  const records = kafka(EVENTS, { value: text() })

  records
    .map(({ partition, offset, value }) => ({ partition, offset, value }))
    .saveAsNdjsonFiles(`s3://${RESULTS}/events`)

  records
    .filter(({ offset }) => offset % 3 === 0)
    .map(({ partition, offset }) => `${partition} ${offset}`)
    .saveAsTextFiles(`s3://${RESULTS}/thirds`, 'txt')
})

export const handler = lambda(events)
