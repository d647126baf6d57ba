// Topics of a cluster that comes and goes.

import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { kafkaTopics } from '../../../src/local/dev/kafka-topics.ts'
import { until } from '../event-source/until.ts'

it('connects again for the next records when it could not', async () => {
  let connections = 0
  const server = createServer((socket) => {
    connections++
    socket.destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  server.close()
  await once(server, 'close')
  const topics = kafkaTopics({ brokers: [`127.0.0.1:${port}`], log: () => {} })
  try {
    const append = (): Promise<void> => topics.append([{ topic: 'lines', value: 'a' }])
    await expect(append()).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE', kind: 'wait' })
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    const again = append().catch(() => {})
    await until('it connects again', () => connections > 0)
    await again
  } finally {
    await topics.close()
    server.close()
  }
}, 60_000)
