import { job, seconds, text } from 'millrace'
import { consumerGroup } from 'millrace/kafka'
import { redisOffsets } from 'millrace/redis'

/** Spark's classic: which offsets of which partitions each batch was read from. */
export const told = (say: (line: string) => void) =>
  job('told', { batch: seconds(1) }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .map(({ value }) => value.toUpperCase())
      .foreachRDD((batch, time) => {
        for (const { topic, partition, fromOffset, untilOffset } of batch.offsetRanges)
          say(`${time}: ${topic} ${partition} ${fromOffset} ${untilOffset}`)
      })
  })

/** Copies its positions to where others look: a consumer group, and a hash of Redis. */
export const mirrored = job('mirrored', { batch: seconds(5) }, ({ kafka }) => {
  const mirror = [
    consumerGroup({ group: 'word-counts', brokers: ['kafka-1:9092', 'kafka-2:9092'] }),
    redisOffsets({ group: 'word-counts', url: 'redis://localhost:6379' }),
  ]
  kafka('lines', { value: text(), mirror })
    .flatMap(({ value }) => value.split(' '))
    .countByValue()
    .print()
})
