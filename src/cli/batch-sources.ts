// What `millrace batch` reads: topics that are files, and the others from Kafka.

import { InvalidOptionError } from '../errors/errors.ts'
import type { JobDefinition } from '../graph/job.ts'
import type { BoundedSource } from '../local/bounded/bounded-partition.ts'
import { type FileTopic, openFiles } from '../local/bounded/file-partitions.ts'
import { openKafkaRange } from '../local/bounded/kafka-range.ts'
import { lineTime } from '../local/bounded/line-time.ts'
import { parseEntries, parsePosition } from '../local/offset-language.ts'
import { s3Client } from '../stores/s3-client.ts'
import { kafkaOptions, type LoginFlags } from './brokers.ts'

export interface BatchSourceFlags extends LoginFlags {
  readonly from: string
  readonly until: string
  readonly brokers?: string
  readonly topic: readonly string[]
  readonly time: string
  readonly partitions?: number
}

/** @throws InvalidOptionError, and what the sources throw when there is nothing to read. */
export async function openSources(job: JobDefinition, flags: BatchSourceFlags): Promise<BoundedSource> {
  const topics = topicsOf(job)
  const files = flags.topic.map(fileTopic)
  for (const { topic } of files) {
    if (!topics.includes(topic))
      throw new InvalidOptionError(`--topic: job '${job.name}' does not read '${topic}', only ${topics.join(', ')}.`)
  }
  const others = topics.filter((topic) => !files.some((file) => file.topic === topic))
  if (others.length > 0 && flags.brokers === undefined) {
    throw new InvalidOptionError(
      `Where is ${others.join(', ')}? Pass --brokers host:port for Kafka, or --topic ${others[0]}=./folder (or s3://bucket/prefix) for files of lines.`,
    )
  }
  const now = Date.now()
  const from = parseEntries('--from', flags.from, (text) => parsePosition('--from', text, now))
  const until = parseEntries('--until', flags.until, (text) => parsePosition('--until', text, now))
  const { time: timePlace, partitions } = flags
  const time = lineTime('--time', timePlace)
  const opened: BoundedSource[] = []
  try {
    if (files.length > 0)
      opened.push(await openFiles({ topics: files, time, timePlace, partitions, from, until, s3: s3Client }))
    if (others.length > 0)
      opened.push(
        await openKafkaRange({
          kafka: await kafkaOptions(flags.brokers ?? '', flags, variables()),
          topics: others,
          from,
          until,
        }),
      )
  } catch (error) {
    await Promise.all(opened.map((one) => one.close()))
    throw error
  }
  return {
    partitions: opened.flatMap((one) => one.partitions),
    warnings: () => opened.flatMap((one) => one.warnings()),
    close: async () => void (await Promise.all(opened.map((one) => one.close()))),
  }
}

function topicsOf({ name, sources }: JobDefinition): string[] {
  const other = sources.find(({ source }) => source.kind.name !== 'kafka')
  if (other) {
    throw new InvalidOptionError(
      `Job '${name}' reads ${other.source.feeds.join(', ')} from ${other.source.kind.name}: a bounded run reads topics of kafka() only.`,
    )
  }
  return [...new Set(sources.flatMap(({ source }) => source.feeds))]
}

function fileTopic(text: string): FileTopic {
  const at = text.indexOf('=')
  if (at > 0 && at < text.length - 1) return { topic: text.slice(0, at), place: text.slice(at + 1) }
  throw new InvalidOptionError(`--topic: '${text}' is not topic=place, such as lines=./logs or lines=s3://bucket/logs.`)
}

/** The names that this command had for them before all commands had the same. */
function variables(): NodeJS.ProcessEnv {
  const { MILLRACE_KAFKA_USER: user, MILLRACE_KAFKA_PASSWORD: password } = process.env
  return { ...(user && { KAFKA_USERNAME: user }), ...(password && { KAFKA_PASSWORD: password }), ...process.env }
}
