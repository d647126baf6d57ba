// The plugin `millrace/serverless` of the Serverless Framework (osls 4, and what else speaks its plugin interface): it
// derives from the jobs all that they need to run. This file says when; the files beside it say what. They are loaded when
// something is packaged or removed, since every command of the framework loads this one.

import '../needs-node.ts'

import { MillraceError } from '../errors/errors.ts'
import type { Caller } from './aws-request.ts'
import type { DeployOptions } from './deployed-state.ts'
import type { DevFlags } from './dev.ts'
import type { AwsProvider, PluginUtils, Serverless } from './framework.ts'
import type { Prepared } from './prepare.ts'

export { type Bundle, type BundleInput, bundleHandler } from './bundle.ts'
export { lean } from './lean.ts'
export type { Architecture } from './sql-package.ts'

/** Of the command line. */
interface CommandOptions extends DeployOptions, DevFlags {
  readonly accept?: unknown
}

/** Twice what a job has that imports nothing of its own. */
const LARGE = 1_200_000

const sizeHint = (functionName: string, bytes: number): string =>
  `${functionName}: its bundle has ${Math.round(bytes / 1024)} KiB, and a job that imports nothing else some 600. It is loaded at every cold start; esbuild's metafile says what it is made of.`

function callerOf(provider: AwsProvider): Caller {
  return {
    region: provider.getRegion(),
    async credentials() {
      const { credentials } = await provider.getAwsSdkV3Config()
      if (credentials) return credentials()
      throw new Error('the framework has no credentials')
    },
  }
}

const ACCEPT = {
  accept: {
    usage: 'Id of an operator that may go, or start with empty state (may be given several times)',
    type: 'multiple',
  },
}
/** A flag of `millrace dev`, with the same meaning. */
const devFlag = (usage: string, type: 'string' | 'multiple' = 'multiple') => ({ usage, type })
const DEV = {
  usage: 'Run the jobs of serverless.yml on this machine, by millrace dev: no account, no Docker',
  lifecycleEvents: ['dev'],
  options: {
    from: devFlag('topic=file: append the lines of a file'),
    socket: devFlag('topic=port: append lines from a server such as nc -lk 9999'),
    generate: devFlag('topic=n: append n samples a second'),
    sample: devFlag('topic=value: what a sample is'),
    brokers: devFlag('Real Kafka, host:port,…, instead of topics in the folder', 'string'),
    dir: devFlag('Where state, topics and objects are kept', 'string'),
    inspect: devFlag('host:port: let a debugger attach to the worker', 'string'),
  },
}
const COMMANDS = {
  millrace: { usage: 'Jobs of Millrace', lifecycleEvents: [], commands: { dev: DEV } },
  package: { options: ACCEPT },
  deploy: { options: ACCEPT, commands: { function: { options: ACCEPT } } },
}

/**
 * The plugin of the Serverless Framework: derives from the jobs all that they need to run. Listed under `plugins` in serverless.yml; its
 * options are `custom.millrace` (docs/deploy.md).
 *
 * @example
 * // serverless.yml
 * //   plugins: [millrace/serverless]
 * //   custom:
 * //     millrace:
 * //       jobs: { hotWords: { handler: functions/hot-words.handler } }
 * import MillracePlugin from 'millrace/serverless'
 */
export default class MillracePlugin {
  /** What the framework calls, by the name of the moment. */
  readonly hooks: Readonly<Record<string, () => Promise<void>>>
  /** What it adds to the framework's commands. */
  readonly commands = COMMANDS
  readonly #serverless: Serverless
  readonly #options: CommandOptions
  readonly #log: PluginUtils['log']
  #prepared: Promise<Prepared> | undefined
  /** Buckets to delete after the stack. */
  #leftBehind: readonly string[] = []

  constructor(serverless: Serverless, options: CommandOptions, { log }: PluginUtils) {
    this.#serverless = serverless
    this.#options = options
    this.#log = log
    // https://github.com/oss-serverless/osls: `package` runs cleanup, initialize, setupProviderConfiguration,
    // createDeploymentArtifacts, compileLayers, compileFunctions, compileEvents, finalize.
    this.hooks = {
      'before:package:initialize': () => this.#explained(() => this.#package()),
      'before:package:function:package': () => this.#explained(() => this.#package()),
      'before:deploy:deploy': () => this.#explained(() => this.#checkState()),
      'before:deploy:function:deploy': () => this.#explained(() => this.#checkState()),
      'package:compileEvents': () => this.#explained(() => this.#addResources()),
      'millrace:dev:dev': () => this.#explained(() => this.#dev()),
      'before:remove:remove': () => this.#explained(() => this.#remove()),
      'after:remove:remove': () => this.#explained(() => this.#removed()),
    }
  }

  /** @internal Makes jobs functions of the service, while the framework still lets its configuration be extended. */
  async asyncInit(): Promise<void> {
    const { configurationInput } = this.#serverless
    if (!configurationInput) return // help, outside of any service
    const { handlersOf } = await import('./options.ts')
    const functions = configurationInput.functions ?? {}
    for (const [name, handler] of handlersOf(configurationInput.custom)) {
      const job = handler === undefined ? {} : { handler }
      if (Array.isArray(functions)) {
        // Lists (`functions: [${file(…)}, …]`) are merged later on.
        this.#serverless.extendConfiguration(['functions', String(functions.length)], { [name]: job })
      } else {
        this.#serverless.extendConfiguration(['functions', name], { ...Reflect.get(functions, name), ...job })
      }
    }
  }

  async #package(): Promise<void> {
    const { prepareDeployment } = await import('./prepare.ts')
    const { packageJobs } = await import('./package.ts')
    const { checkPluginOptions } = await import('./options.ts')
    const { service, serviceDir } = this.#serverless
    const provider = this.#serverless.getProvider('aws')
    this.#prepared = prepareDeployment(
      {
        service: service.service,
        stage: provider.getStage(),
        region: provider.getRegion(),
        serviceDir,
        provider: service.provider,
        functions: service.functions,
        deploying: this.#serverless.processedInput?.commands?.[0] === 'deploy',
        caller: callerOf(provider),
        emulated: Boolean(process.env.AWS_ENDPOINT_URL_LAMBDA || process.env.AWS_ENDPOINT_URL),
      },
      checkPluginOptions(service.custom, this.#options.accept),
    )
    const prepared = await this.#prepared
    for (const warning of prepared.warnings) this.#log.warning(warning)
    const { priceOf } = await import('./pollers.ts')
    for (const price of prepared.deployment.jobs.flatMap((job) => priceOf(prepared.deployment, job)))
      this.#log.notice(price)
    for (const { functionName, job } of prepared.deployment.jobs)
      if (job.cost !== undefined) this.#log.notice(`${functionName}: ${job.cost}`)
    await packageJobs(this.#serverless, prepared.deployment)
    for (const { functionName, job, bytes, sql } of prepared.deployment.jobs) {
      const feeds = job.feeds.map(({ name }) => name).join(', ')
      this.#log.info(`${functionName}: job ${job.name}, reads ${feeds}, ${Math.round(bytes / 1024)} KiB`)
      if (bytes > LARGE && !sql) this.#log.notice(sizeHint(functionName, bytes))
    }
  }

  async #dev(): Promise<void> {
    const { runService } = await import('./dev.ts')
    await runService(this.#serverless, this.#options, (line) => this.#log.notice(line))
  }

  /** Everything is packaged, and nothing has been touched yet. */
  async #checkState(): Promise<void> {
    const { checkDeployedState } = await import('./deployed-state.ts')
    const { checkPluginOptions } = await import('./options.ts')
    const { accept } = checkPluginOptions(this.#serverless.service.custom, this.#options.accept)
    const { changes, warning } = await checkDeployedState(this.#serverless, this.#options, accept)
    if (warning !== undefined) this.#log.warning(warning)
    for (const change of changes) this.#log.info(change)
  }

  async #addResources(): Promise<void> {
    const prepared = await this.#prepared
    if (!prepared) return
    const { addResources } = await import('./package.ts')
    addResources(this.#serverless, prepared.deployment)
  }

  async #remove(): Promise<void> {
    const { checkPluginOptions } = await import('./options.ts')
    const { onRemove } = checkPluginOptions(this.#serverless.service.custom)
    if (onRemove === 'keep') {
      this.#log.warning(
        'Table and buckets are kept, with all that is in them (custom.millrace.onRemove is keep); delete them by hand, or ' +
          'deploy again with state: external and buckets: external to go on with them.',
      )
      return
    }
    const { emptyBuckets, ownBuckets } = await import('./empty-buckets.ts')
    const provider = this.#serverless.getProvider('aws')
    const { names, emptyBefore } = await ownBuckets(provider)
    await emptyBuckets(provider, emptyBefore, false)
    this.#leftBehind = names
  }

  /** The stack is gone, and its functions with it. */
  async #removed(): Promise<void> {
    if (this.#leftBehind.length === 0) return
    const { emptyBuckets } = await import('./empty-buckets.ts')
    await emptyBuckets(this.#serverless.getProvider('aws'), this.#leftBehind, true)
  }

  /** The framework shows the stack of any error that is not of its own class, as if it were a fault of the framework. */
  async #explained(run: () => Promise<void>): Promise<void> {
    try {
      await run()
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error
      throw new this.#serverless.classes.Error(error.message, error.code)
    }
  }
}
