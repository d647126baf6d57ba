// Kafka events as Lambda's runtime gets them: JSON text. Offsets and timestamps go on from event to event, because the
// handler drops what it has seen.

export interface EventShape {
  readonly topic: string
  readonly partitions: number
  /** Records of one event, all partitions together. */
  readonly records: number
  readonly values: readonly string[]
  /** Records per second and partition, by their timestamps; default 1,000. */
  readonly rate?: number
  /** First timestamp; default an hour ago. */
  readonly start?: number
}

/** A topic without end: each call makes the texts of the next events. */
export function eventTexts(shape: EventShape): (events: number) => string[] {
  const { topic, partitions, records, rate = 1000, start = Date.now() - 3_600_000 } = shape
  const values = shape.values.map((value) => Buffer.from(value).toString('base64'))
  const perPartition = records / partitions
  let offset = 0

  function eventText(): string {
    const lists = Array.from({ length: partitions }, (_, partition) => {
      const list: string[] = []
      for (let i = 0; i < perPartition; i++) list.push(recordText(partition, offset + i))
      return `"${topic}-${partition}":[${list.join(',')}]`
    })
    offset += perPartition
    const text = `{"eventSource":"SelfManagedKafka","bootstrapServers":"kafka:9092","records":{${lists.join(',')}}}`
    // A flat string of one byte per character, as it comes from the network: the joined one would be flattened in the measured time.
    return Buffer.from(text, 'latin1').toString('latin1')
  }

  function recordText(partition: number, at: number): string {
    const value = values[(at * partitions + partition) % values.length] ?? ''
    const timestamp = start + Math.floor((at * 1000) / rate)
    return `{"topic":"${topic}","partition":${partition},"offset":${at},"timestamp":${timestamp},"timestampType":"CREATE_TIME","value":"${value}","headers":[]}`
  }

  return (events) => Array.from({ length: events }, eventText)
}
