// The services that tests run against: brought up in the way this machine can, once per process and only when asked for.

import { startContainer } from './docker.ts'
import { startKafka } from './kafka.ts'
import { startLocalStack } from './localstack.ts'
import { lookAround, type Machine, type ServiceName, TITLES, wayToStart } from './machine.ts'
import { startMiniStack } from './ministack.ts'
import { startPostgres } from './postgres.ts'
import { startRedis } from './redis.ts'

export type KafkaService = { readonly bootstrap: string } | Missing
export type AwsService = { readonly endpoint: string } | Missing
export type PostgresService = { readonly url: string } | Missing
export type RedisService = { readonly url: string } | Missing
export interface Missing {
  /** One line that says why it is not there. */
  readonly missing: string
}

export interface Services {
  readonly kafka: KafkaService
  readonly localstack: AwsService
  readonly ministack: AwsService
  readonly postgres: PostgresService
  readonly redis: RedisService
}

type Address = { readonly bootstrap: string } | { readonly endpoint: string } | { readonly url: string }
type Running = { readonly address: Address; stop(): Promise<void> } | Missing

/** One that comes up takes 1 to 3 s on an idle machine. */
const SAY_AFTER_MS = 15_000

export class TestServices {
  readonly #started = new Map<ServiceName, Promise<Running>>()
  readonly #env: NodeJS.ProcessEnv
  #machine: Promise<Machine> | undefined

  constructor(env: NodeJS.ProcessEnv = process.env) {
    this.#env = env
  }

  /** Brings up what is not up yet of these, side by side. With MILLRACE_REQUIRE_SERVICES=1 a missing one is an error. */
  async start(names: readonly ServiceName[]): Promise<void> {
    await Promise.all(names.map((name) => this.#running(name)))
  }

  #running(name: ServiceName): Promise<Running> {
    const known = this.#started.get(name)
    if (known) return known
    const started = this.#bringUp(name)
    this.#started.set(name, started)
    return started
  }

  async #bringUp(name: ServiceName): Promise<Running> {
    // One that runs already, `node infra/up.ts` says where.
    const given = this.#env[`MILLRACE_TEST_${name.toUpperCase()}`]
    if (given) return { address: addressOf(name, given), stop: async () => {} }
    this.#machine ??= lookAround()
    const told = setTimeout(() => {
      console.log(`waiting for ${TITLES[name]}: the first time on a machine it is downloaded, for a minute or so`)
    }, SAY_AFTER_MS).unref()
    const way = wayToStart(name, await this.#machine)
    const required = this.#env.MILLRACE_REQUIRE_SERVICES === '1'
    if ('missing' in way) {
      if (required) throw new Error(way.missing)
      return way
    }
    try {
      return way.way === 'host' ? await startOnHost(name) : await startInDocker(name)
    } catch (error) {
      if (required) throw error
      const [line = ''] = String(error instanceof Error ? error.message : error).split('\n')
      return { missing: `${TITLES[name]} did not come up: ${line}` }
    } finally {
      clearTimeout(told)
    }
  }

  /** Where everything is. What nobody has asked for is missing for that reason. */
  async addresses(): Promise<Services> {
    return {
      kafka: await this.#address('kafka', isKafka),
      localstack: await this.#address('localstack', isAws),
      ministack: await this.#address('ministack', isAws),
      postgres: await this.#address('postgres', hasUrl),
      redis: await this.#address('redis', hasUrl),
    }
  }

  async #address<A extends Address>(name: ServiceName, is: (address: Address) => address is A): Promise<A | Missing> {
    const running = await this.#started.get(name)
    if (!running) return { missing: `${TITLES[name]} is not started for these tests` }
    if ('missing' in running) return running
    if (!is(running.address)) throw new Error(`${TITLES[name]} gave an address of another kind`)
    return running.address
  }

  /** Why services are missing that have been asked for, a line each. */
  async complaints(): Promise<string[]> {
    const all = await Promise.allSettled(this.#started.values())
    return all.flatMap((one) => (one.status === 'fulfilled' && 'missing' in one.value ? [one.value.missing] : []))
  }

  async stop(): Promise<void> {
    const all = await Promise.allSettled(this.#started.values())
    await Promise.all(
      all.map((one) => (one.status === 'fulfilled' && 'stop' in one.value ? one.value.stop() : undefined)),
    )
  }
}

function isKafka(address: Address): address is { bootstrap: string } {
  return 'bootstrap' in address
}

function isAws(address: Address): address is { endpoint: string } {
  return 'endpoint' in address
}

function hasUrl(address: Address): address is { url: string } {
  return 'url' in address
}

function addressOf(name: ServiceName, given: string): Address {
  if (name === 'kafka') return { bootstrap: given }
  return name === 'postgres' || name === 'redis' ? { url: given } : { endpoint: given }
}

async function startOnHost(name: ServiceName): Promise<Running> {
  if (name === 'kafka') {
    const kafka = await startKafka()
    return { address: { bootstrap: kafka.bootstrap }, stop: kafka.stop }
  }
  if (name === 'postgres') {
    const { url, stop } = await startPostgres()
    return { address: { url }, stop }
  }
  if (name === 'redis') {
    const { url, stop } = await startRedis()
    return { address: { url }, stop }
  }
  const emulator = name === 'localstack' ? await startLocalStack() : await startMiniStack()
  return { address: { endpoint: emulator.endpoint }, stop: emulator.stop }
}

async function startInDocker(name: ServiceName): Promise<Running> {
  if (name !== 'kafka' && name !== 'localstack') throw new Error(`There is no image of ${TITLES[name]}`)
  const { port, stop } = await startContainer(name)
  const address = name === 'kafka' ? { bootstrap: `127.0.0.1:${port}` } : { endpoint: `http://127.0.0.1:${port}` }
  return { address, stop }
}
