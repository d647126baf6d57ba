// A TopicSource over embedded topics. Its consumer groups behave as Kafka's: whoever joins or leaves makes a rebalance,
// which takes all partitions from everybody (a new epoch), and everybody goes on from the committed offsets.

import { TopicMissingError } from '../../errors/stand-in-errors.ts'
import type { EmbeddedTopics } from './embedded-topics.ts'
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
} from './topic-source.ts'
import { Wakeable } from './wakeable.ts'

/**
 * A source over `topics`. Sources over the same topics share nothing but records and committed offsets: the members of
 * one group must come from one source.
 *
 * @param options.sessionTimeoutMs how long the partitions of a killed member stay lost; default 0
 */
export function memorySource(
  topics: EmbeddedTopics,
  options: { readonly sessionTimeoutMs?: number } = {},
): TopicSource {
  const { sessionTimeoutMs = 0 } = options
  const groups = new Map<string, Set<MemoryMember>>()

  const leave = (member: MemoryMember): void => {
    const members = groups.get(member.groupId)
    if (members?.delete(member)) rebalance(topics, members)
  }

  return {
    async join(join) {
      const missing = join.topics.filter((topic) => topics.partitionCount(topic) === 0)
      if (missing.length > 0) throw new TopicMissingError(missing, ['the embedded topics'])
      const members = groups.get(join.groupId) ?? new Set()
      groups.set(join.groupId, members)
      const member = new MemoryMember(topics, join, leave, (dead) => {
        if (sessionTimeoutMs === 0) leave(dead)
        else setTimeout(leave, sessionTimeoutMs, dead).unref()
      })
      members.add(member)
      rebalance(topics, members)
      return member
    },
    async close() {
      const members = [...groups.values()].flatMap((group) => [...group])
      await Promise.all(members.map((member) => member.close()))
    },
  }
}

/** Deals the partitions of every topic to the members that read it, in turn, as Kafka's RoundRobinAssignor does. */
function rebalance(topics: EmbeddedTopics, members: ReadonlySet<MemoryMember>): void {
  const dealt = new Map<MemoryMember, TopicPartition[]>([...members].map((member) => [member, []]))
  let turn = 0
  for (const topic of new Set([...members].flatMap((member) => member.topics))) {
    const readers = [...members].filter((member) => member.topics.includes(topic))
    for (let partition = 0; partition < topics.partitionCount(topic); partition++) {
      const reader = readers[turn++ % readers.length]
      if (reader) dealt.get(reader)?.push({ topic, partition })
    }
  }
  for (const [member, partitions] of dealt) member.assign(partitions)
}

class MemoryMember implements GroupMember {
  readonly groupId: string
  readonly topics: readonly string[]
  epoch = 0
  readonly #log: EmbeddedTopics
  readonly #join: JoinOptions
  readonly #leave: (member: MemoryMember) => void
  readonly #die: (member: MemoryMember) => void
  readonly #wakeable = new Wakeable()
  readonly #stopListening: () => void
  readonly #paused = new Set<string>()
  #positions: { readonly partition: TopicPartition; next: number }[] = []
  #open = true

  constructor(
    log: EmbeddedTopics,
    join: JoinOptions,
    leave: (member: MemoryMember) => void,
    die: (member: MemoryMember) => void,
  ) {
    this.#log = log
    this.groupId = join.groupId
    this.topics = join.topics
    this.#join = join
    this.#leave = leave
    this.#die = die
    this.#stopListening = log.onChange(() => this.#wakeable.wake())
  }

  assign(partitions: readonly TopicPartition[]): void {
    this.epoch++
    this.#paused.clear()
    this.#positions = partitions.map((partition) => ({ partition, next: this.#startOf(partition) }))
    this.#wakeable.wake()
  }

  assigned(): readonly TopicPartition[] {
    return this.#positions.map(({ partition }) => partition)
  }

  lag(): number {
    return this.#positions.reduce((sum, { partition, next }) => sum + this.#log.endOffset(partition) - next, 0)
  }

  async poll({ maxRecords, maxWaitMs, signal }: PollOptions): Promise<PolledRecords> {
    const epoch = this.epoch
    const deadline = Date.now() + maxWaitMs
    for (;;) {
      const records = this.epoch === epoch ? this.#take(maxRecords) : []
      const wait = deadline - Date.now()
      if (records.length > 0 || this.epoch !== epoch || wait <= 0 || signal?.aborted) {
        return { epoch: this.epoch, records }
      }
      await this.#wakeable.wait(wait, signal)
    }
  }

  async commit(epoch: number, offsets: readonly NextOffset[]): Promise<boolean> {
    if (!this.#open || epoch !== this.epoch) return false
    this.#log.commit(this.groupId, offsets)
    return true
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
    this.#end()
    this.#leave(this)
  }

  kill(): void {
    this.#end()
    this.#die(this)
  }

  #end(): void {
    this.#open = false
    this.#stopListening()
    this.assign([])
  }

  #startOf(partition: TopicPartition): number {
    const committed = this.#log.committed(this.groupId, partition)
    if (committed !== undefined) return committed
    const start = startOf(this.#join, partition.topic)
    if (start.type === 'TRIM_HORIZON') return 0
    const offset =
      start.type === 'LATEST' ? this.#log.endOffset(partition) : this.#log.offsetAt(partition, start.timestamp)
    // Held fast: after a rebalance LATEST would mean a later offset, and the records between would be lost.
    this.#log.commit(this.groupId, [{ ...partition, offset }])
    return offset
  }

  #take(max: number): SourceRecord[] {
    const active = this.#positions.filter(({ partition }) => !this.#paused.has(partitionName(partition)))
    const waiting = active.map(({ partition, next }) => this.#log.endOffset(partition) - next)
    const shares = fairShares(waiting, max)
    const taken: SourceRecord[] = []
    for (const [index, position] of active.entries()) {
      const share = shares[index] ?? 0
      if (share <= 0) continue
      for (const record of this.#log.read({ ...position.partition, offset: position.next }, share)) taken.push(record)
      position.next += share
    }
    return taken
  }
}
