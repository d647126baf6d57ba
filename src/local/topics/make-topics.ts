// Makes topics of Kafka and waits until they have leaders. kafkajs waits for leaders that are still to be elected, but not where the broker
// that it asks has not heard of the topic yet (UNKNOWN_TOPIC_OR_PARTITION): the topic is made then, and whoever made it would be told that it is not.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Admin, ITopicConfig } from 'kafkajs'

/** A busy broker takes seconds. */
const LONGEST_MS = 30_000
const PAUSE_MS = 100

/** @returns false when one of them is there already. */
export async function makeTopics(
  admin: Pick<Admin, 'createTopics' | 'fetchTopicMetadata'>,
  topics: ITopicConfig[],
): Promise<boolean> {
  try {
    return await admin.createTopics({ topics, waitForLeaders: true })
  } catch (error) {
    if (!isUnheardOf(error)) throw error
    await haveLeaders(
      admin,
      topics.map(({ topic }) => topic),
    )
    return true
  }
}

async function haveLeaders(admin: Pick<Admin, 'fetchTopicMetadata'>, topics: string[]): Promise<void> {
  for (const deadline = Date.now() + LONGEST_MS; ; await sleep(PAUSE_MS)) {
    try {
      const found = await admin.fetchTopicMetadata({ topics })
      if (
        found.topics.every(({ partitions }) => partitions.length > 0 && partitions.every(({ leader }) => leader >= 0))
      )
        return
    } catch (error) {
      if (!isUnheardOf(error) || Date.now() > deadline) throw error
    }
    if (Date.now() > deadline) throw new Error(`Topics ${topics.join(', ')} were made, and have no leaders yet.`)
  }
}

function isUnheardOf(error: unknown): boolean {
  return error instanceof Error && 'type' in error && error.type === 'UNKNOWN_TOPIC_OR_PARTITION'
}
