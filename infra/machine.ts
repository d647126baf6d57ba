// What this machine has to bring the services up with, and, for each of them, in which way that can be done or what is
// missing. `lookAround` asks; the rest only decides.

import { findPostgres } from './postgres.ts'
import { findRedis } from './redis.ts'
import { run } from './run.ts'

export const SERVICES = ['kafka', 'localstack', 'ministack', 'postgres', 'redis'] as const
export type ServiceName = (typeof SERVICES)[number]

export interface Machine {
  /** Host mode reads /proc to stop exactly what it has started. */
  readonly linux: boolean
  /** Major version of `java`. */
  readonly java?: number
  readonly javac: boolean
  readonly maven: boolean
  readonly npm: boolean
  readonly python?: readonly [major: number, minor: number]
  /** `python3 -m venv` works; Debian has it in a package of its own. */
  readonly venv: boolean
  /** The programs of a PostgreSQL server are where Debian puts them. */
  readonly postgres: boolean
  /** `redis-server` is on the PATH. */
  readonly redis: boolean
  /** A Docker engine that answers, with compose. */
  readonly docker: boolean
}

export type Way = { readonly way: 'host' | 'docker' } | { readonly missing: string }

export const TITLES: Record<ServiceName, string> = {
  kafka: 'Kafka',
  localstack: 'LocalStack',
  ministack: 'MiniStack',
  postgres: 'PostgreSQL',
  redis: 'Redis',
}

/** infra/compose.yaml has no others. */
const IN_COMPOSE: readonly ServiceName[] = ['kafka', 'localstack']

/**
 * Host mode first: it is up in a second, any number of instances side by side, and tests may kill brokers. Docker is for
 * machines that lack the programs.
 */
export function wayToStart(service: ServiceName, machine: Machine): Way {
  const lacks = lackingOnHost(service, machine)
  if (lacks.length === 0) return { way: 'host' }
  if (!IN_COMPOSE.includes(service)) return { missing: explain(service, lacks) }
  return machine.docker ? { way: 'docker' } : { missing: explain(service, lacks, 'a running Docker engine instead') }
}

function explain(service: ServiceName, lacks: readonly string[], instead?: string): string {
  return `${TITLES[service]} cannot come up: it needs ${[...lacks, ...(instead ? [`or ${instead}`] : [])].join(', ')}`
}

function lackingOnHost(service: ServiceName, machine: Machine): string[] {
  const lacks: string[] = []
  if (!machine.linux) lacks.push('Linux')
  if (service === 'postgres') {
    if (!machine.postgres) lacks.push('a PostgreSQL server (Debian: postgresql)')
    return lacks
  }
  if (service === 'redis') {
    if (!machine.redis) lacks.push('a Redis server (Debian: redis-server)')
    return lacks
  }
  if (service !== 'ministack') {
    const found = machine.java === undefined ? '' : ` (found ${machine.java})`
    if ((machine.java ?? 0) < 17) lacks.push(`Java 17 or later${found}`)
    if (!machine.maven) lacks.push('Maven (mvn)')
  }
  if (service === 'localstack') {
    if (!machine.javac) lacks.push('a JDK (javac)')
    if (!machine.npm) lacks.push('npm')
  }
  if (service !== 'kafka') {
    const [major, minor] = machine.python ?? [0, 0]
    const found = machine.python === undefined ? '' : ` (found ${major}.${minor})`
    if (major !== 3 || minor < 11) lacks.push(`Python 3.11 or later${found}`)
    else if (!machine.venv) lacks.push("Python's venv module (Debian: python3-venv)")
  }
  return lacks
}

/** `openjdk version "17.0.15" 2025-04-15` → 17, `java version "1.8.0_402"` → 8. */
export function parseJavaVersion(text: string): number | undefined {
  const [, major, minor] = /version "(\d+)(?:\.(\d+))?/.exec(text) ?? []
  if (major === undefined) return undefined
  return Number(major === '1' && minor !== undefined ? minor : major)
}

/** `Python 3.11.7` → [3, 11]. */
export function parsePythonVersion(text: string): [number, number] | undefined {
  const [, major, minor] = /Python (\d+)\.(\d+)/.exec(text) ?? []
  return major === undefined ? undefined : [Number(major), Number(minor)]
}

export async function lookAround(): Promise<Machine> {
  const [java, javac, maven, npm, python, venv, postgres, redis, docker] = await Promise.all([
    answerOf('java', '-version'),
    answerOf('javac', '-version'),
    answerOf('mvn', '-v'),
    answerOf('npm', '-v'),
    answerOf('python3', '--version'),
    answerOf('python3', '-c', 'import venv, ensurepip'),
    findPostgres(),
    findRedis(),
    answerOf('docker', 'compose', 'ls').then((text) => (text === undefined ? undefined : answerOf('docker', 'info'))),
  ])
  const javaVersion = parseJavaVersion(java ?? '')
  const pythonVersion = parsePythonVersion(python ?? '')
  return {
    linux: process.platform === 'linux',
    ...(javaVersion !== undefined && { java: javaVersion }),
    javac: javac !== undefined,
    maven: maven !== undefined,
    npm: npm !== undefined,
    ...(pythonVersion !== undefined && { python: pythonVersion }),
    venv: venv !== undefined,
    postgres: postgres !== undefined,
    redis: redis !== undefined,
    docker: docker !== undefined,
  }
}

/** What a program says, on either output; `undefined` when it is not there, fails or does not answer in time. */
async function answerOf(program: string, ...args: string[]): Promise<string | undefined> {
  return run(program, args, { timeout: 20_000, both: true }).catch(() => undefined)
}
