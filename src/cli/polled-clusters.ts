// The clusters that a poller reads: that of each mapping, the one that flags name, or a folder.

import { InvalidOptionError } from '../errors/errors.ts'
import { kafkaSource } from '../local/event-source/kafka-source.ts'
import type { EventSourceMapping } from '../local/event-source/mapping.ts'
import type { TopicSource } from '../local/event-source/topic-source.ts'
import type { Cluster } from '../local/topics/cluster.ts'
import { folderCluster } from '../local/topics/folder-cluster.ts'
import { folderSource } from '../local/topics/folder-source.ts'
import { FolderTopics } from '../local/topics/folder-topics.ts'
import type { NewRecord } from '../local/topics/records.ts'
import { type BrokerFlags, kafkaOptions } from './brokers.ts'

interface Polled {
  readonly source: TopicSource
  /** For failure destinations in the same cluster. */
  readonly append: (records: readonly NewRecord[]) => Promise<unknown>
}

export class PolledClusters {
  readonly #flags: BrokerFlags
  readonly #writers = new Map<string, Promise<Cluster>>()
  #folder: FolderTopics | undefined

  constructor(flags: BrokerFlags) {
    if (flags.brokers !== undefined && flags.dir !== undefined)
      throw new InvalidOptionError('--brokers and --dir: topics are in Kafka or in a folder; name one of them.')
    this.#flags = flags
  }

  /** @throws InvalidOptionError when nobody says where its topics are */
  async of(mapping: EventSourceMapping): Promise<Polled> {
    const { dir } = this.#flags
    if (dir !== undefined) {
      this.#folder ??= new FolderTopics(dir)
      return {
        source: folderSource(this.#folder),
        append: (records) => this.#append(dir, async () => folderCluster(dir), records),
      }
    }
    const own = mapping.bootstrapServers.join(',')
    const brokers = this.#flags.brokers ?? (own === '' ? process.env.KAFKA_BROKERS : own)
    if (!brokers) {
      throw new InvalidOptionError(
        `Mapping ${mapping.uuid} names no brokers (it is of an MSK cluster): pass --brokers host:port.`,
      )
    }
    const options = await kafkaOptions(brokers, this.#flags, process.env)
    const open = async (): Promise<Cluster> => {
      const { kafkaCluster } = await import('../local/topics/kafka-cluster.ts')
      return kafkaCluster(options)
    }
    return {
      source: kafkaSource({ ...options, clientId: 'millrace-poller' }),
      append: (records) => this.#append(brokers, open, records),
    }
  }

  /** Connected when something is given up for the first time. */
  async #append(name: string, open: () => Promise<Cluster>, records: readonly NewRecord[]): Promise<unknown> {
    let writer = this.#writers.get(name)
    if (!writer) {
      writer = open()
      this.#writers.set(name, writer)
      writer.catch(() => this.#writers.delete(name))
    }
    return (await writer).append(records)
  }

  close(): void {
    for (const writer of this.#writers.values()) void writer.then((cluster) => cluster.close()).catch(() => undefined)
    this.#folder?.close()
  }
}
