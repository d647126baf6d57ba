// Which topics a folder has: a row for each, and one for each partition.

import { InvalidOptionError } from '../../errors/errors.ts'
import { TopicMissingError } from '../../errors/stand-in-errors.ts'
import type { FolderDatabase, SqlRow } from '../../stores/folder-database.ts'
import type { SourceRecord } from '../event-source/topic-source.ts'

export interface Topic {
  /** Never used again, so that a topic that is deleted and made anew is another one. */
  readonly id: number
  readonly name: string
  readonly partitions: number
  readonly timestampType: SourceRecord['timestampType']
  /** Milliseconds since the epoch. */
  readonly created: number
}

/** Kafka has no limit; more than this on one machine is a mistyped number. */
const MAX_PARTITIONS = 10_000

const SELECT =
  'SELECT id, name, timestamp_type, created, (SELECT count(*) FROM partitions WHERE topic = id) AS partitions FROM topics'

export function topicsOf(database: FolderDatabase): Topic[] {
  return database.all(`${SELECT} ORDER BY name`).map(topicFrom)
}

/** @throws TopicMissingError */
export function topicOf(database: FolderDatabase, name: string): Topic {
  const row = database.get(`${SELECT} WHERE name = ?`, name)
  if (row) return topicFrom(row)
  throw missingTopics(database.directory, [name])
}

/** With the command that makes the first of them in this folder. */
export function missingTopics(directory: string, names: readonly string[]): TopicMissingError {
  const create = `npx millrace topics create ${names[0]} --dir ${directory}.`
  return new TopicMissingError(names, [`the folder ${directory}`], create)
}

/** @throws InvalidOptionError */
export function createTopic(
  database: FolderDatabase,
  name: string,
  { partitions = 1, timestampType = 'CREATE_TIME' }: { partitions?: number; timestampType?: Topic['timestampType'] },
  now: number,
): void {
  // org.apache.kafka.common.internals.Topic: 1 to 249 of these characters, not "." nor "..".
  if (!/^[a-zA-Z0-9._-]{1,249}$/.test(name) || name === '.' || name === '..') {
    throw new InvalidOptionError(`"${name}" is no topic name: use 1 to 249 letters, digits, ".", "_" or "-".`)
  }
  checkPartitions(name, partitions)
  const made = database.run(
    'INSERT INTO topics (name, timestamp_type, created) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    name,
    timestampType,
    now,
  )
  if (made === 0) throw new InvalidOptionError(`Topic "${name}" exists already.`)
  addRows(database, topicOf(database, name), partitions)
}

/** @throws InvalidOptionError */
export function addPartitions(database: FolderDatabase, topic: Topic, partitions: number): void {
  checkPartitions(topic.name, partitions)
  if (partitions < topic.partitions) {
    throw new InvalidOptionError(
      `Topic "${topic.name}" has ${topic.partitions} partitions and cannot have ${partitions}: partitions are added and never taken away.`,
    )
  }
  addRows(database, topic, partitions)
}

export function deleteTopic(database: FolderDatabase, { id }: Topic): void {
  for (const table of ['records', 'partitions', 'group_offsets'])
    database.run(`DELETE FROM ${table} WHERE topic = ?`, id)
  database.run('DELETE FROM topics WHERE id = ?', id)
}

function addRows(database: FolderDatabase, topic: Topic, partitions: number): void {
  for (let partition = topic.partitions; partition < partitions; partition++) {
    database.run('INSERT INTO partitions (topic, partition, first, next) VALUES (?, ?, 0, 0)', topic.id, partition)
  }
}

function checkPartitions(topic: string, partitions: number): void {
  if (Number.isInteger(partitions) && partitions >= 1 && partitions <= MAX_PARTITIONS) return
  throw new InvalidOptionError(
    `Topic "${topic}": ${partitions} partitions; it needs a whole number from 1 to ${MAX_PARTITIONS}.`,
  )
}

function topicFrom({ id, name, partitions, timestamp_type: type, created }: SqlRow): Topic {
  return {
    id: Number(id),
    name: String(name),
    partitions: Number(partitions),
    timestampType: type === 'LOG_APPEND_TIME' ? 'LOG_APPEND_TIME' : 'CREATE_TIME',
    created: Number(created),
  }
}
