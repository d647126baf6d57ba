// The function under test: copies a topic; whether it declares that transactions write it comes in an environment variable.

import { job, text } from 'millrace'
import { lambda } from 'millrace/lambda'

const { RESULTS = '', LINES = '', JOB = '', HOLES } = process.env

export const copied = job(JOB, { batch: '10s', idleAfter: '3s' }, ({ kafka }) => {
  kafka(LINES, { value: text(), holes: HOLES === 'transactional' ? HOLES : 'none' })
    .map(({ partition, offset, value }) => ({ partition, offset, value }))
    .saveAsNdjsonFiles(`s3://${RESULTS}/copied`)
})

export const handler = lambda(copied)
