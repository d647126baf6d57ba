// Free TCP ports on loopback, for services that want to be told their port before they start.

import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/**
 * Linux gives outgoing connections local ports from 32768 up (net.ipv4.ip_local_port_range), macOS from 49152. A port
 * from below cannot be taken by somebody's outgoing connection while its service is down, so a broker that was killed
 * finds its port free when it is restarted, and two instances that start at the same moment hardly ever meet.
 */
const LOWEST = 12_000
const ABOVE = 32_000

/** `count` different ports that nobody listens on at 127.0.0.1 right now. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>()
  while (found.size < count) {
    const port = randomInt(LOWEST, ABOVE)
    if (!found.has(port) && (await isFree(port))) found.add(port)
  }
  return [...found]
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}
