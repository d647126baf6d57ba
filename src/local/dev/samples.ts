// A record to try a job with: a value that was given, or the topic's last record once more.

import type { DevTopics, NewRecord } from './topics.ts'

export class Samples {
  readonly #topics: DevTopics
  readonly #values: Map<string, string>

  /** @param values by topic */
  constructor(topics: DevTopics, values: ReadonlyMap<string, string>) {
    this.#topics = topics
    this.#values = new Map(values)
  }

  async of(topic: string): Promise<NewRecord | undefined> {
    const value = this.#values.get(topic)
    if (value !== undefined) return { topic, value }
    const last = await this.#topics.last(topic)
    if (!last) return undefined
    const { key = null, value: again = null, headers = [] } = last
    return { topic, key, value: again, headers }
  }

  /** For topics that have no record. */
  set(topic: string, value: string): void {
    this.#values.set(topic, value)
  }
}
