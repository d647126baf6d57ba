// What all Kafka sources have in common, in the words of the contract. A topic is a feed, each of its partitions a task; offsets are
// dense, so the event itself tells whether memory is fresh and whether something is missing.

import { PoisonRecordError } from '../../errors/runtime-errors.ts'
import { offsetDigits } from '../../names/objects.ts'
import { partitionName, partitionOf } from '../../names/tasks.ts'
import type { SourceKind } from '../source.ts'
import { answer } from './answer.ts'
import { cutNew } from './cut-new.ts'
import { checkDuplicates } from './duplicates.ts'
import type { KafkaEventRecord } from './event.ts'
import { evidenceOf } from './evidence.ts'
import { checkFormerTopics } from './former-topics.ts'
import type { KafkaSource } from './kafka-source.ts'
import { stillMoved } from './moved.ts'
import { EVENT_SOURCES, parseEvent } from './parse-event.ts'
import { atRest, believed, isPosition, type Position, positionAfter } from './position.ts'
import { bucketOfOffset } from './spread.ts'
import { checkSameStart } from './starting-offsets.ts'

export const KAFKA: SourceKind<KafkaEventRecord, Position, KafkaSource> = {
  name: 'kafka',
  checkJob(job, sources) {
    checkFormerTopics(job, sources)
    checkSameStart(job, sources)
  },
  eventSources: EVENT_SOURCES,
  parse: parseEvent,
  answer,

  feedOf: (task) => /^([\w.-]+)-\d+$/.exec(task)?.[1],
  tasksOf: (topic, count) => Array.from({ length: count }, (_, partition) => partitionName(topic, partition)),
  taskFacts: partitionOf,

  isPosition,
  isFresh: (position, [first]) => !position || !first || first.offset <= position.until,
  cut: cutNew,
  checkDropped: checkDuplicates,
  after(past, records, latest) {
    const position = positionAfter(believed(past), records, latest)
    return {
      ...position,
      ...evidenceOf(records, past.position),
      ...(past.position && stillMoved(past.position, position.until)),
    }
  },
  rest: atRest,
  isBeyond: (position, offset) => (position?.until ?? 0) > Number(offset),
  nextOf: (position, [first]) => Math.max(first?.offset ?? 0, position?.until ?? 0),

  markOf: ({ offset }) => offset,
  rangeOf(task, first, last) {
    const { topic, partition } = partitionOf(task)
    return { topic, partition, fromOffset: Number(first), untilOffset: Number(last) + 1 }
  },
  offsetOf: (task, { until }) => ({ ...partitionOf(task), offset: until }),
  timeOf: ({ timestamp }) => timestamp,
  bucketOf: ({ partition, offset }, count) => bucketOfOffset(Number(partition), offset, count),
  nameOf: ({ offset }, position) => offsetDigits(offset, position?.again),
  recordFacts: ({ offset }) => ({ offset }),
  describe: ({ topic, partition, offset, timestamp, key, value, headers }) => ({
    ...{ topic, partition: Number(partition), offset, timestamp },
    ...{ key: key ?? null, value: value ?? null, headers: headers ?? [] },
  }),
  spanOf: (records) => `offsets ${records[0]?.offset ?? 0} to ${records.at(-1)?.offset ?? 0}`,
  poison: (task, { offset }, cause) => new PoisonRecordError(task, offset, cause),
}
