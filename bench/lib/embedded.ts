// DynamoDB's protocol by dynalite in this process, with every request counted where it leaves the SDK.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { startDynalite } from '../../infra/dynalite.ts'
import { dynamoClient, dynamoTable } from '../../src/stores/dynamo-table.ts'
import type { StateTable } from '../../src/stores/table.ts'
import { createTable } from '../../src/stores/table-definition.ts'

/** What went to the items of one kind: logs of source tasks (`L# … #source`), the closing log, rows of the job (`J#`). */
export interface Traffic {
  reads: number
  writes: number
  /** Sizes of the items written, as DynamoDB counts them. */
  bytes: number
  /** What is charged: each item's size, rounded up to whole KB. */
  writeUnits: number
}

export type Kind = 'source' | 'close' | 'rows'

export interface CountedDynamo {
  readonly table: StateTable
  readonly traffic: Readonly<Record<Kind, Traffic>>
  reset(): void
  stop(): Promise<void>
}

export async function startDynamo(): Promise<CountedDynamo> {
  const dynalite = await startDynalite()
  const client = dynamoClient({
    region: 'us-east-1',
    endpoint: dynalite.endpoint,
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  })
  await createTable(client, 'bench')

  const traffic: Record<Kind, Traffic> = { source: noTraffic(), close: noTraffic(), rows: noTraffic() }
  client.middlewareStack.add(
    (next) => (args) => {
      const { input } = args
      if ('Item' in input && input.Item) {
        const count = traffic[kindOf(input.Item.pk?.S)]
        const bytes = itemBytes(input.Item)
        count.writes++
        count.bytes += bytes
        count.writeUnits += Math.ceil(bytes / 1024)
      } else if ('Key' in input) {
        traffic[kindOf(input.Key?.pk?.S)].reads++
      } else if ('ExpressionAttributeValues' in input) {
        traffic[kindOf(input.ExpressionAttributeValues?.[':pk']?.S)].reads++
      }
      return next(args)
    },
    // Below the retries, so that every attempt counts.
    { step: 'finalizeRequest', priority: 'low' },
  )

  return {
    table: dynamoTable({ table: 'bench', client }),
    traffic,
    reset: () => {
      for (const count of Object.values(traffic)) Object.assign(count, noTraffic())
    },
    async stop() {
      client.destroy()
      await dynalite.stop()
    },
  }
}

/** A folder that is deleted after use. */
export async function temporaryFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

function noTraffic(): Traffic {
  return { reads: 0, writes: 0, bytes: 0, writeUnits: 0 }
}

function kindOf(pk = ''): Kind {
  if (pk.startsWith('J#')) return 'rows'
  return pk.includes('#close#') ? 'close' : 'source'
}

/**
 * An item's size: names and values, numbers at a byte per two digits and one more.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
function itemBytes(item: Readonly<Record<string, AttributeValue>>): number {
  let bytes = 0
  for (const [name, { S, N, B }] of Object.entries(item)) {
    bytes += Buffer.byteLength(name)
    if (S !== undefined) bytes += Buffer.byteLength(S)
    if (N !== undefined) bytes += Math.ceil(N.length / 2) + 1
    if (B !== undefined) bytes += B.byteLength
  }
  return bytes
}
