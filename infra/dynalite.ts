// dynalite: DynamoDB's protocol, answers and errors in this process, without a JVM.

import { once } from 'node:events'
import type { Server } from 'node:http'
import { createRequire } from 'node:module'

// The package has no types; this is all that is used of it.
const dynalite: (options: { createTableMs: number }) => Server = createRequire(import.meta.url)('dynalite')

/** Starts it on a free port of loopback; its tables are in memory and go with it. */
export async function startDynalite(): Promise<{ endpoint: string; stop(): Promise<void> }> {
  const server = dynalite({ createTableMs: 0 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('dynalite has no port')
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    stop: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
