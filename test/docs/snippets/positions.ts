import { job, seconds, text } from 'millrace'

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
