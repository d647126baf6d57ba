// Who is in a group of the folder, and what that gives to each: the part of Kafka's group coordinator that is needed here. Every change
// is a new generation, and what the generation gives to whom follows from its members alone, so nobody has to lead.

import type { FolderDatabase } from '../../stores/folder-database.ts'
import type { NextOffset, TopicPartition } from '../event-source/topic-source.ts'

/** How often a member writes that it lives, and after how long without the others put it out. Milliseconds. */
export const HEARTBEAT_MS = 1000
export const SESSION_MS = 4000

export interface Member {
  readonly id: string
  readonly topics: readonly string[]
  /** `<host>:<pid>`. */
  readonly host: string
}

/** What a generation of a group is. */
export interface Generation {
  readonly number: number
  /** In the order in which they came. */
  readonly members: readonly Member[]
}

/** Names of groups are anybody's text; SQLite's ends at a NUL. */
const nameOf = (group: string): string => JSON.stringify(group)

/** Says that a member lives, and puts out those of whom nothing was heard. A member that was put out itself comes in again. */
export function beat(database: FolderDatabase, group: string, member: Member, now: number): void {
  const name = nameOf(group)
  database.atomically(() => {
    const known = database.run('UPDATE members SET seen = ? WHERE name = ? AND id = ?', now, name, member.id) > 0
    if (!known) {
      const joined = Number(
        database.get('SELECT coalesce(max(joined), 0) + 1 AS n FROM members WHERE name = ?', name)?.n,
      )
      const sql = 'INSERT INTO members (name, id, topics, host, joined, seen) VALUES (?, ?, ?, ?, ?, ?)'
      database.run(sql, name, member.id, JSON.stringify(member.topics), member.host, joined, now)
    }
    const gone = database.run('DELETE FROM members WHERE name = ? AND seen < ?', name, now - SESSION_MS)
    if (!known || gone > 0) raise(database, name)
  })
}

export function leave(database: FolderDatabase, group: string, id: string): void {
  database.atomically(() => {
    if (database.run('DELETE FROM members WHERE name = ? AND id = ?', nameOf(group), id) > 0)
      raise(database, nameOf(group))
  })
}

/** Topics or partitions have come or gone: what everybody has is given anew. */
export function raiseAll(database: FolderDatabase): void {
  database.run('UPDATE groups SET generation = generation + 1')
}

function raise(database: FolderDatabase, name: string): void {
  database.run(
    'INSERT INTO groups (name, generation) VALUES (?, 1) ON CONFLICT DO UPDATE SET generation = generation + 1',
    name,
  )
}

export function generationNumber(database: FolderDatabase, group: string): number {
  return Number(database.get('SELECT generation FROM groups WHERE name = ?', nameOf(group))?.generation ?? 0)
}

export function generationOf(database: FolderDatabase, group: string): Generation {
  const rows = database.all('SELECT id, topics, host FROM members WHERE name = ? ORDER BY joined', nameOf(group))
  return {
    number: generationNumber(database, group),
    members: rows.map(({ id, topics, host }) => ({
      id: String(id),
      topics: namesIn(String(topics)),
      host: String(host),
    })),
  }
}

/** Those of whom something was heard, by group: who has just died is still among them. */
export function groupNames(database: FolderDatabase): string[] {
  const rows = database.all('SELECT name FROM group_offsets UNION SELECT name FROM members')
  return rows.map(({ name }) => String(JSON.parse(String(name)))).sort()
}

/** Deals the partitions of every topic to the members that read it, in turn, as Kafka's RoundRobinAssignor does. */
export function deal(
  members: readonly Member[],
  partitionCount: (topic: string) => number,
): Map<string, TopicPartition[]> {
  const dealt = new Map<string, TopicPartition[]>(members.map(({ id }) => [id, []]))
  let turn = 0
  for (const topic of new Set(members.flatMap(({ topics }) => topics))) {
    const readers = members.filter(({ topics }) => topics.includes(topic))
    for (let partition = 0; partition < partitionCount(topic); partition++) {
      const reader = readers[turn++ % readers.length]
      if (reader) dealt.get(reader.id)?.push({ topic, partition })
    }
  }
  return dealt
}

function namesIn(text: string): string[] {
  const names: unknown = JSON.parse(text)
  return Array.isArray(names) ? names.map(String) : []
}

/** Whom somebody has heard of within their time: who was killed just now is still a member. */
export function livingMembers(database: FolderDatabase, group: string, now: number): Set<string> {
  const rows = database.all('SELECT id FROM members WHERE name = ? AND seen >= ?', nameOf(group), now - SESSION_MS)
  return new Set(rows.map(({ id }) => String(id)))
}

/** All that a group has committed. */
export function committedOf(database: FolderDatabase, group: string): NextOffset[] {
  const sql =
    'SELECT topics.name AS topic, partition, position FROM group_offsets JOIN topics ON id = topic WHERE group_offsets.name = ? ORDER BY 1, 2'
  return database.all(sql, nameOf(group)).map(({ topic, partition, position }) => ({
    topic: String(topic),
    partition: Number(partition),
    offset: Number(position),
  }))
}
