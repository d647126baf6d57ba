// A job whose positions others look at, or that begins where others have stopped. Where it reads and writes, the environment says.

import { duration, job, type StartingOffsets, text } from 'millrace'
import { consumerGroup } from 'millrace/kafka'
import { lambda } from 'millrace/lambda'
import { redisOffsets } from 'millrace/redis'

const { JOB = 'mirrored', LINES = 'lines', RESULTS = 'results', GROUP = 'seen', BROKERS = '' } = process.env
const { REDIS = 'redis://localhost', IDLE_AFTER = '10s', START = '' } = process.env

const group = consumerGroup({ group: GROUP, brokers: BROKERS.split(',') })
const redis = redisOffsets({ group: GROUP, url: REDIS })
const starts: Readonly<Record<string, StartingOffsets>> = { group, redis, json: `{"${LINES}":{"0":4,"1":-2}}` }

export const mirrored = job(JOB, { batch: '1s', idleAfter: duration(IDLE_AFTER) }, ({ kafka }) => {
  const startingOffsets = starts[START] ?? 'earliest'
  kafka(LINES, { value: text(), startingOffsets, ...(START === '' && { mirror: [group, redis] }) })
    .map(({ value }) => value)
    .saveAsTextFiles(`s3://${RESULTS}/lines`)
})
export const handler = lambda(mirrored)
