// AWS's own Kafka helper, @aws-lambda-powertools/kafka, as a peer. It is no dependency of this package: install it in a
// folder of its own and say where that is.
//
//   mkdir /tmp/peers && npm install --prefix /tmp/peers @aws-lambda-powertools/kafka
//   BENCH_PEERS=/tmp/peers npm run bench -- handler

import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Contender } from './measure.ts'

type PeerOf = (format: 'text' | 'json') => Contender<readonly string[]>

export type Peer =
  | { readonly powertools: PeerOf; readonly reason?: undefined }
  | { readonly powertools?: undefined; readonly reason: string }

interface ConsumerRecords {
  readonly records: readonly { readonly value: unknown }[]
}
type Consumer = (
  handler: (event: ConsumerRecords) => Promise<void>,
  config: object,
) => (event: unknown, context: object) => unknown

let kept: unknown

export async function loadPeer(folder = process.env.BENCH_PEERS): Promise<Peer> {
  if (!folder) return { reason: 'BENCH_PEERS does not name a folder in which it is installed (see bench/lib/peer.ts)' }
  try {
    const path = createRequire(join(folder, 'package.json')).resolve('@aws-lambda-powertools/kafka')
    const { kafkaConsumer, SchemaType }: { kafkaConsumer: Consumer; SchemaType: Record<string, string> } = await import(
      pathToFileURL(path).href
    )
    return {
      powertools: (format) => {
        const value = format === 'json' ? { value: { type: SchemaType.JSON } } : {}
        const handler = kafkaConsumer(async ({ records }) => {
          for (const record of records) kept = record.value // decoded when it is looked at
        }, value)
        return {
          name: 'powertools',
          async run(texts) {
            for (const source of texts) await handler(JSON.parse(source), {})
          },
        }
      },
    }
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) }
  }
}

export function keptByPeers(): unknown {
  return kept
}
