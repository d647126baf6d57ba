import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { freePorts } from '../../infra/ports.ts'
import { parseWanted } from '../../infra/up.ts'

test.each([
  [
    [],
    { services: ['kafka', 'localstack', 'ministack', 'postgres', 'redis'], name: 'default', nodes: 1, docker: false },
  ],
  [['kafka', 'kafka', '--nodes', '3', '--name', 'big'], { services: ['kafka'], name: 'big', nodes: 3, docker: false }],
  [['ministack', '--secure', 'u:p:w'], { services: ['ministack'], secure: { user: 'u', password: 'p:w' } }],
])('%j is understood', (args, wanted) => {
  expect(parseWanted(args)).toMatchObject(wanted)
})

test.each([
  [['kafak'], 'There is no service "kafak", only kafka, localstack, ministack, postgres, redis'],
  [['--nodes', '7'], '--nodes takes 1, 2 or 3, not 7'],
  [['--secure', 'user'], '--secure takes user:password'],
  [['--name', '../x'], '--name takes letters, digits, - and _, at most 40 of them, not "../x"'],
  [['--nonsense'], "Unknown option '--nonsense'"],
])('%j is refused', (args, message) => {
  expect(() => parseWanted(args)).toThrow(message)
})

test('free ports are different, and nobody listens on them', async () => {
  const ports = await freePorts(20)
  expect(new Set(ports).size).toBe(20)
  const servers = await Promise.all(
    ports.map(
      (port) =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer().once('error', reject)
          server.listen(port, '127.0.0.1', () => resolve(server))
        }),
    ),
  )
  for (const server of servers) server.close()
})
