// A TopicSource over the topics of a folder. Members may be in any process of the machine: who joins, leaves or dies makes a new
// generation of the group, which everybody reads in the database; a commit of an older one does nothing.

import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import {
  fairShares,
  type GroupMember,
  type JoinOptions,
  type NextOffset,
  type PolledRecords,
  type PollOptions,
  partitionName,
  type SourceRecord,
  startOf,
  type TopicPartition,
  type TopicSource,
} from '../event-source/topic-source.ts'
import { Wakeable } from '../event-source/wakeable.ts'
import type { FolderTopics } from './folder-topics.ts'
import { beat, deal, generationNumber, generationOf, HEARTBEAT_MS, leave, type Member } from './group-rows.ts'
import { missingTopics } from './topic-rows.ts'

/** A source over `topics`, which stay open when it closes. */
export function folderSource(topics: FolderTopics): TopicSource {
  const members = new Set<FolderMember>()
  return {
    async join(join) {
      const missing = join.topics.filter((topic) => !topics.has(topic))
      if (missing.length > 0) throw missingTopics(topics.directory, missing)
      const member = new FolderMember(topics, join, (ended) => members.delete(ended))
      members.add(member)
      return member
    },
    async close() {
      await Promise.all([...members].map((member) => member.close()))
    },
  }
}

/** A partition, and the offset that is handed out next. */
interface Reading {
  readonly partition: TopicPartition
  next: number
}

class FolderMember implements GroupMember {
  epoch = 0
  readonly #topics: FolderTopics
  readonly #join: JoinOptions
  readonly #onEnd: (member: FolderMember) => void
  readonly #me: Member
  readonly #wakeable = new Wakeable()
  readonly #beating: NodeJS.Timeout
  readonly #stopListening: () => void
  readonly #paused = new Set<string>()
  #generation = 0
  #positions: Reading[] = []
  #open = true

  constructor(topics: FolderTopics, join: JoinOptions, onEnd: (member: FolderMember) => void) {
    this.#topics = topics
    this.#join = join
    this.#onEnd = onEnd
    this.#me = { id: randomUUID(), topics: join.topics, host: `${hostname()}:${process.pid}` }
    this.#beat()
    this.#beating = setInterval(() => this.#quietly(() => this.#beat()), HEARTBEAT_MS)
    this.#stopListening = topics.changes.listen(() => {
      this.#quietly(() => this.#sync())
      this.#wakeable.wake()
    })
  }

  assigned(): readonly TopicPartition[] {
    return this.#positions.map(({ partition }) => partition)
  }

  lag(): number {
    return this.#positions.reduce((sum, { partition, next }) => sum + this.#topics.extent(partition).next - next, 0)
  }

  async poll({ maxRecords, maxWaitMs, signal }: PollOptions): Promise<PolledRecords> {
    const epoch = this.epoch
    const deadline = Date.now() + maxWaitMs
    for (;;) {
      this.#sync()
      const records = this.epoch === epoch ? this.#take(maxRecords) : []
      const wait = deadline - Date.now()
      if (records.length > 0 || this.epoch !== epoch || wait <= 0 || signal?.aborted) {
        return { epoch: this.epoch, records }
      }
      await this.#wakeable.wait(wait, signal)
    }
  }

  async commit(epoch: number, offsets: readonly NextOffset[]): Promise<boolean> {
    const { database } = this.#topics
    this.#sync()
    return database.atomically(() => {
      const over = !this.#open || epoch !== this.epoch
      if (over || generationNumber(database, this.#join.groupId) !== this.#generation) return false
      this.#topics.commit(this.#join.groupId, offsets)
      return true
    })
  }

  seek({ topic, partition, offset }: NextOffset): void {
    const position = this.#positions.find((p) => p.partition.topic === topic && p.partition.partition === partition)
    if (position) position.next = offset
    this.#wakeable.wake()
  }

  pause(partition: TopicPartition): void {
    this.#paused.add(partitionName(partition))
  }

  resume(partition: TopicPartition): void {
    this.#paused.delete(partitionName(partition))
    this.#wakeable.wake()
  }

  async close(): Promise<void> {
    if (!this.#end()) return
    leave(this.#topics.database, this.#join.groupId, this.#me.id)
    this.#topics.changes.tell()
  }

  kill(): void {
    this.#end()
  }

  #end(): boolean {
    if (!this.#open) return false
    this.#open = false
    clearInterval(this.#beating)
    this.#stopListening()
    this.#onEnd(this)
    this.#begin([])
    return true
  }

  #beat(): void {
    beat(this.#topics.database, this.#join.groupId, this.#me, this.#topics.now())
    this.#sync()
  }

  /** What fails in a timer is tried again by the next one, and told by the next poll. */
  #quietly(action: () => void): void {
    try {
      action()
    } catch {
      this.#wakeable.wake()
    }
  }

  #sync(): void {
    const { database } = this.#topics
    const { groupId } = this.#join
    if (!this.#open || generationNumber(database, groupId) === this.#generation) return
    const { number, positions } = database.atomically(() => {
      const { number, members } = generationOf(database, groupId)
      const mine = deal(members, (topic) => this.#topics.partitionCount(topic)).get(this.#me.id) ?? []
      return { number, positions: mine.map((partition) => ({ partition, next: this.#startOf(partition) })) }
    })
    this.#generation = number
    this.#begin(positions)
    // Members of this process: the number of changes does not show what its own connection has written.
    this.#topics.changes.tell()
  }

  #begin(positions: Reading[]): void {
    this.epoch++
    this.#paused.clear()
    this.#positions = positions
    this.#wakeable.wake()
  }

  #startOf(partition: TopicPartition): number {
    const { groupId } = this.#join
    const start = startOf(this.#join, partition.topic)
    const committed = this.#topics.committed(groupId, partition)
    if (committed !== undefined) return committed
    const { first, next } = this.#topics.extent(partition)
    if (start.type === 'TRIM_HORIZON') return first
    const offset = start.type === 'LATEST' ? next : this.#topics.offsetAt(partition, start.timestamp)
    // Held fast: after a rebalance LATEST would mean a later offset, and the records between would be lost.
    this.#topics.commit(groupId, [{ ...partition, offset }])
    return offset
  }

  #take(max: number): SourceRecord[] {
    const active = this.#positions.filter(({ partition }) => !this.#paused.has(partitionName(partition)))
    const waiting = active.map(({ partition, next }) => this.#topics.extent(partition).next - next)
    const shares = fairShares(waiting, max)
    return active.flatMap((position, index) => {
      const share = shares[index] ?? 0
      if (share <= 0) return []
      const records = this.#topics.read({ ...position.partition, offset: position.next }, share)
      position.next = (records.at(-1)?.offset ?? position.next - 1) + 1
      return records
    })
  }
}
