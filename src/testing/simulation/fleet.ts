// The instances of the function: which are there, with which code, and which of them an event meets.

import type { JobDefinition } from '../../graph/job.ts'
import { CLOSE_STAGE, SOURCE_STAGE } from '../../names/tasks.ts'
import { planJob } from '../../plan/plan-job.ts'
import { type Answer, type Invoked, SimulatedProcess } from './process.ts'
import { derivedRandom, type Random } from './random.ts'
import type { Scenario } from './scenario.ts'
import type { World } from './world.ts'

export interface FleetOptions {
  /** The versions of the job's code, in the order of their deployment; each process gets one of its own. */
  readonly versions: readonly ((random: Random) => JobDefinition)[]
  readonly allows: (error: unknown) => boolean
  /** Codes of errors with which code may be refused: the code before it goes on. */
  readonly refusals: ReadonlySet<string>
  /** Whether the last version is deployed in any case, because it mends what those before fail at. */
  readonly mends: boolean
  /** What somebody gives up by name when no version can go on any more (`accept`). */
  readonly givesUp: readonly string[]
}

/** Numbers of processes that were started to help begin here. */
const HELPERS = 1_000_000
/** The stream of random numbers that decides about a process; others are in simulation.ts. */
const PROCESS = 2

export class Fleet {
  readonly #world: World
  readonly #scenario: Scenario
  readonly #options: FleetOptions
  #processes: SimulatedProcess[] = []
  /** The number that the next process gets. */
  #next = 0
  #helpers = 0
  /** The version that was deployed last, and those that were refused. */
  #deployed = 0
  readonly #refused = new Set<number>()
  #givesUp: readonly string[] = []
  /** Once a deployment is through, nobody starts old code any more. */
  #isThrough = false
  readonly #versionOf = new WeakMap<SimulatedProcess, number>()

  constructor(world: World, scenario: Scenario, options: FleetOptions) {
    this.#world = world
    this.#scenario = scenario
    this.#options = options
  }

  get processes(): readonly SimulatedProcess[] {
    return this.#processes
  }

  /** Names of processes started from now on: by the step that starts them, whatever steps were left out before. */
  nameFrom(number: number): void {
    this.#next = number
  }

  deploy(): void {
    // Before anything is claimed any code may begin.
    if (!this.#world.monitor.claimed) return
    this.#deployed = Math.min(this.#deployed + 1, this.#options.versions.length - 1)
    this.#world.coverage.path('new code deployed')
    this.#world.trace?.tell(`version ${this.#deployed + 1} of the code is deployed`)
  }

  /** The deployment is through: instances of old code end. */
  settle(): void {
    this.#isThrough = true
    if (this.#options.mends) this.#deployed = this.#options.versions.length - 1
    const [current] = this.#candidates()
    for (const process of this.#processes) if (this.#versionOf.get(process) !== current) process.kill()
  }

  /** Stages that the code has which goes on. */
  stages(): ReadonlySet<string> {
    const [version = 0] = this.#candidates()
    const define = this.#options.versions[version]
    const stages = define ? planJob(define(derivedRandom(this.#scenario.seed, PROCESS))).stages : []
    return new Set([SOURCE_STAGE, CLOSE_STAGE, ...stages.map(({ id }) => id)])
  }

  invoke(event: Invoked, random: Random, helps = false): Promise<Answer> {
    return this.pick(random, helps).invoke(event)
  }

  killAll(): void {
    for (const process of this.#processes) process.kill()
  }

  /** One that is not busy, or a new one. */
  pick(random: Random, helps = false): SimulatedProcess {
    this.#processes = this.#processes.filter(({ alive }) => alive)
    const idle = this.#processes.filter(({ busy }) => busy === 0 || random.chance(0.05))
    if (idle.length > 0 && !random.chance(this.#scenario.coldStarts)) return random.pick(idle)
    return this.#start(helps)
  }

  #start(helps: boolean): SimulatedProcess {
    const { seed, reportFailures, declared, skew, rolling, job } = this.#scenario
    const number = helps ? HELPERS + this.#helpers++ : this.#next++
    const own = derivedRandom(seed, PROCESS, number)
    const [version, defined] = this.#define(own, rolling)
    const settings = { ...job.settings, retention: Math.max(defined.settings.retention, 10 * job.settings.idleAfter) }
    const process = new SimulatedProcess(`process-${number}`, { ...defined, settings }, this.#world, {
      reportFailures,
      partitions: declared,
      // The same code may be deployed again: nothing is to be read into the name.
      code: `v${version + 1}.${own.int(1, 3)}`,
      skew: own.int(-skew, skew + 1),
      random: own,
      allows: this.#options.allows,
      refuses: (code) => this.#refuses(version, code),
      accept: this.#givesUp,
    })
    this.#versionOf.set(process, version)
    this.#processes.push(process)
    return process
  }

  /** Versions that may run, the newest first. */
  #candidates(): number[] {
    return Array.from({ length: this.#deployed + 1 }, (_, i) => this.#deployed - i).filter(
      (version) => !this.#refused.has(version),
    )
  }

  /** The newest code that may run; while a deployment rolls out, sometimes the one before it. */
  #define(own: Random, rolling: boolean): [version: number, job: JobDefinition] {
    const old = rolling && own.chance(0.3) && !this.#isThrough
    for (;;) {
      const candidates = this.#candidates()
      const version = (old ? candidates[1] : undefined) ?? candidates[0] ?? 0
      const define = this.#options.versions[version]
      if (!define) throw new RangeError('no version of the code')
      try {
        return [version, define(own)]
      } catch (error) {
        const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
        if (!this.#refuses(version, code)) throw error
      }
    }
  }

  /** Whether this code may be refused so: then it was, and no process is started with it any more. */
  #refuses(version: number, code: string): boolean {
    const { refusals, givesUp } = this.#options
    if (!refusals.has(code)) return false
    const { coverage, trace, monitor } = this.#world
    if (!this.#refused.has(version)) {
      coverage.path('new code refused')
      trace?.tell(`version ${version + 1} of the code is refused: ${code}`)
    }
    // An old instance that stops says nothing about the code that is there now.
    if (code !== 'SUPERSEDED') this.#refused.add(version)
    if (this.#candidates().length > 0) return true
    // Elements of one batch wait for operators of several versions: somebody has to say which of them to give up.
    trace?.tell(`${givesUp.join(' and ')} are given up`)
    this.#refused.clear()
    this.#givesUp = givesUp
    monitor.logs.giveUp(givesUp)
    return true
  }
}
