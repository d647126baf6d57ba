// Brings services up and leaves them running:
//
//     node infra/up.ts                              Kafka, LocalStack, MiniStack, PostgreSQL and Redis
//     node infra/up.ts kafka --nodes 3 --name big   only these, under a name of their own
//     node infra/up.ts kafka --secure user:password with TLS and SASL listeners as well
//     node infra/up.ts kafka localstack --docker    by docker compose (infra/compose.yaml)
//
// Prints one JSON line per service. What runs already under the name is not started again. `node infra/down.ts` stops it.

import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { withLock } from './cache.ts'
import { startContainer } from './docker.ts'
import { stopRecorded } from './down.ts'
import { letGo } from './guardian.ts'
import { startKafka } from './kafka.ts'
import { startLocalStack } from './localstack.ts'
import { lookAround, SERVICES, type ServiceName, TITLES, wayToStart } from './machine.ts'
import { startMiniStack } from './ministack.ts'
import { startPostgres } from './postgres.ts'
import { isRunning } from './process.ts'
import { checkName, type Running, readRecord, recordFolder, writeRecord } from './record.ts'
import { startRedis } from './redis.ts'

interface Wanted {
  readonly services: readonly ServiceName[]
  readonly name: string
  readonly nodes: number
  readonly secure?: { user: string; password: string }
  readonly docker: boolean
}

export function parseWanted(args: string[]): Wanted {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      name: { type: 'string', default: 'default' },
      nodes: { type: 'string', default: '1' },
      secure: { type: 'string' },
      docker: { type: 'boolean', default: false },
    },
  })
  const services = positionals.map((given) => {
    const service = SERVICES.find((one) => one === given)
    if (!service) throw new Error(`There is no service "${given}", only ${SERVICES.join(', ')}`)
    return service
  })
  const nodes = Number(values.nodes)
  if (![1, 2, 3].includes(nodes)) throw new Error(`--nodes takes 1, 2 or 3, not ${values.nodes}`)
  const [, user, password] = /^([^:]+):(.+)$/.exec(values.secure ?? '') ?? []
  if (values.secure !== undefined && !(user && password)) throw new Error('--secure takes user:password')
  return {
    services: services.length > 0 ? [...new Set(services)] : SERVICES,
    name: checkName(values.name),
    nodes,
    ...(user && password && { secure: { user, password } }),
    docker: values.docker,
  }
}

/** Starts what is wanted and does not run yet; a service that fails takes none of the others along. */
async function up(wanted: Wanted): Promise<boolean> {
  const before = await readRecord(wanted.name)
  const alive = before.filter((one) => one.containers !== undefined || one.processes.every(isRunning))
  for (const dead of before.filter((one) => !alive.includes(one))) await stopRecorded(dead)
  const results = await Promise.allSettled(
    wanted.services.map((service) => alive.find((one) => one.service === service) ?? start(service, wanted)),
  )
  const running = results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  await writeRecord(wanted.name, [...alive.filter((one) => !running.includes(one)), ...running])
  await letGo()
  for (const one of running) console.log(line(wanted.name, one, alive.includes(one)))
  const failed = results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  for (const reason of failed) console.error(reason instanceof Error ? reason.message : String(reason))
  return failed.length === 0
}

function line(name: string, { service, address, processes, folders, containers }: Running, already: boolean): string {
  const pids = processes.map(({ pid }) => pid)
  return JSON.stringify({ service, name, ...address, pids, folders, containers, ...(already && { already }) })
}

async function start(service: ServiceName, wanted: Wanted): Promise<Running> {
  const way = wanted.docker ? { way: 'docker' } : wayToStart(service, await lookAround())
  if ('missing' in way) throw new Error(way.missing)
  if (way.way === 'docker') return startInDocker(service)
  if (service === 'kafka') {
    const kafka = await startKafka({ nodes: wanted.nodes, ...(wanted.secure && { secure: wanted.secure }) })
    const { bootstrap, secure } = kafka
    const processes = kafka.brokers.map(({ pid, born }) => ({ pid, born }))
    return { service, address: { bootstrap, ...secure }, processes, folders: [kafka.dir] }
  }
  if (service === 'postgres') {
    const { url, pid, born, dir } = await startPostgres()
    return { service, address: { url }, processes: [{ pid, born }], folders: [dir] }
  }
  if (service === 'redis') {
    const { url, pid, born, dir } = await startRedis()
    return { service, address: { url }, processes: [{ pid, born }], folders: [dir] }
  }
  const { endpoint, pid, born, dir } = service === 'localstack' ? await startLocalStack() : await startMiniStack()
  return { service, address: { endpoint }, processes: [{ pid, born }], folders: [dir] }
}

async function startInDocker(service: ServiceName): Promise<Running> {
  if (service !== 'kafka' && service !== 'localstack')
    throw new Error(`There is no image of ${TITLES[service]}; leave --docker out`)
  const { port, project } = await startContainer(service)
  const address = service === 'kafka' ? { bootstrap: `127.0.0.1:${port}` } : { endpoint: `http://127.0.0.1:${port}` }
  return { service, address, processes: [], folders: [], containers: project }
}

if (import.meta.main) {
  const wanted = parseWanted(process.argv.slice(2))
  const good = await withLock(join(recordFolder(), wanted.name), () => up(wanted))
  process.exitCode = good ? 0 : 1
}
