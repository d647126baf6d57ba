// The function under test: two topics into one output, and one of them into a second, by way of two operators. It runs in
// worker processes that the test kills; where things are comes in environment variables.

import { job, text } from 'millrace'
import { lambda } from 'millrace/lambda'

const { RESULTS = '', NARROW = '', WIDE = '', JOB = '' } = process.env

export const ledger = job(JOB, { batch: '10s', idleAfter: '3s' }, ({ kafka }) => {
  const narrow = kafka(NARROW, { value: text() })
  const wide = kafka(WIDE, { value: text() })
  narrow
    .union(wide)
    .map(({ topic, partition, offset, value }) => ({ topic, partition, offset, id: value.split(' ')[0], value }))
    .saveAsNdjsonFiles(`s3://${RESULTS}/all`)
  narrow
    .filter(({ offset }) => offset % 2 === 0)
    .map(({ value }) => value)
    .saveAsTextFiles(`s3://${RESULTS}/even`, 'txt')
})

export const handler = lambda(ledger)
