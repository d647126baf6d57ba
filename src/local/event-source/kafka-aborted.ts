// Records of aborted transactions, kept from whoever reads. kafkajs 2.2.4 lets some through: it takes Kafka's list of aborted
// transactions to be ordered by their beginnings (it is by their ends), begins at most one of them per record, and takes a
// record with a key of four zero bytes for the end of one. So this is decided here, on each answer to a fetch, as it is decoded.

import { createRequire } from 'node:module'
import { KafkajsChangedError } from '../../errors/stand-in-errors.ts'

/** A record as kafkajs decodes it; what it takes for a control record it hands to nobody, and goes on behind it. */
export interface FetchedRecord {
  readonly offset: string
  readonly key: Uint8Array | null
  readonly batchContext?: { readonly producerId?: string; readonly inTransaction?: boolean }
  isControlRecord?: boolean
}

/** What an answer to a fetch has of one partition. */
export interface FetchedPartition {
  /** Those that end in what was fetched, or later. */
  abortedTransactions: readonly { readonly producerId: string; readonly firstOffset: string }[]
  readonly messages: readonly FetchedRecord[]
}

/**
 * Turns records of aborted transactions into ones that nobody is given.
 *
 * A transaction of a producer goes from its first offset to the next marker of that producer.
 * https://kafka.apache.org/documentation/#controlbatch
 */
export function hideAborted(partition: FetchedPartition): void {
  const begins = [...partition.abortedTransactions].sort((a, b) => Number(a.firstOffset) - Number(b.firstOffset))
  const aborted = new Set<string>()
  let next = 0
  for (const message of partition.messages) {
    for (let begin = begins[next]; begin && Number(begin.firstOffset) <= Number(message.offset); begin = begins[++next])
      aborted.add(begin.producerId)
    const { producerId, inTransaction } = message.batchContext ?? {}
    if (producerId === undefined || !aborted.has(producerId)) continue
    if (message.isControlRecord) aborted.delete(producerId)
    else if (inTransaction) message.isControlRecord = true
  }
  partition.abortedTransactions = []
}

/** Versions of Kafka's Fetch that know transactions, as far as kafkajs knows them. */
const VERSIONS = [4, 5, 6, 7, 8, 9, 10, 11]

type Decode = (raw: unknown) => Promise<{ readonly responses: readonly { readonly partitions: FetchedPartition[] }[] }>

let done = false

/** Makes kafkajs decode fetches so; once per process. */
export function mendFetches(): void {
  if (done) return
  const require = createRequire(import.meta.url)
  // Several versions share one decoder: read all before any is replaced, or it would run twice.
  const found = VERSIONS.map((version) => {
    const response: { decode?: Decode } = require(`kafkajs/src/protocol/requests/fetch/v${version}/response`)
    const { decode } = response
    if (!decode)
      throw new KafkajsChangedError(
        `decodes Fetch v${version} in another way than 2.2.4 does, so aborted transactions cannot be told`,
      )
    return { response, decode }
  })
  for (const { response, decode } of found) {
    response.decode = async (raw) => {
      const answer = await decode(raw)
      for (const { partitions } of answer.responses) for (const partition of partitions) hideAborted(partition)
      return answer
    }
  }
  done = true
}
