// DynamoDB as `millrace dev` has it, dynalite in this process, with every request counted where it leaves the SDK.

import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AttributeValue } from '@aws-sdk/client-dynamodb'
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

// The package has no types; this is all that is used of it.
const dynalite: (options: { createTableMs: number }) => Server = createRequire(import.meta.url)('dynalite')

export async function startDynamo(): Promise<CountedDynamo> {
  const server = dynalite({ createTableMs: 0 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('dynalite has no port')
  const client = dynamoClient({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${address.port}`,
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
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
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
