// `millrace poller`: the stand-in for Lambda's Kafka event source, beside an emulator or any Lambda-compatible endpoint. It polls
// the topics of mappings, which the endpoint tells, a file, or flags, and invokes their functions there, until it is stopped.

import { LambdaClient } from '@aws-sdk/client-lambda'
import { Command, InvalidArgumentError, Option } from 'commander'
import { InvalidOptionError } from '../errors/errors.ts'
import type { Discarded } from '../local/event-source/deliver.ts'
import { failureDestination } from '../local/event-source/failure-destination.ts'
import type { EventSourceMapping } from '../local/event-source/mapping.ts'
import { readMappings } from '../local/event-source/mapping-api.ts'
import { MappingPollers, nameOf } from '../local/event-source/mapping-pollers.ts'
import { type Poller, startPoller } from '../local/event-source/poller.ts'
import { scalingOf } from '../local/event-source/scaling.ts'
import { pause } from '../local/event-source/wakeable.ts'
import { lambdaEndpointInvoker } from '../local/invoker/lambda-endpoint.ts'
import { partitionName } from '../names/tasks.ts'
import { brokerOptions } from './brokers.ts'
import { withoutJson } from './json-output.ts'
import { withManual } from './manual.ts'
import { PolledClusters } from './polled-clusters.ts'
import { type MappingFlags, mappingFlags, ownMappings } from './poller-mapping.ts'

interface PollerFlags extends MappingFlags {
  readonly endpoint?: string
  readonly destinationEndpoint?: string
  readonly pollers?: number
  readonly oversized: 'skip' | 'stop'
}

/** For invocations under way, commits and Kafka's goodbye. What is not done by then is delivered again at the next start. */
const STOP_PATIENCE_MS = 5000

export function pollerCommand(): Command {
  const poller = withoutJson(new Command('poller'), 'it prints no data, only what it is doing.')
  const command = mappingFlags(brokerOptions(poller))
    .description(
      'stand in for the Lambda Kafka event source: poll the topics of mappings and invoke their functions. The mappings are those of the endpoint, of --mapping, or the one that --topic begins',
    )
    .option('--endpoint <url>', 'a Lambda-compatible endpoint (default: AWS_ENDPOINT_URL)')
    .option(
      '--destination-endpoint <url>',
      'where queues, topics and buckets for what is given up are (default: that of --endpoint, or AWS_ENDPOINT_URL)',
    )
    .option(
      '--pollers <n>',
      'members of the consumer group per mapping, which invoke side by side (default: by the mode of the mapping and the load)',
      positive,
    )
    .addOption(
      new Option('--oversized <what>', 'a record that fits no event: drop it, as Lambda does, or stop its partition')
        .choices(['skip', 'stop'])
        .default('skip'),
    )
  return withManual(command.action(runPoller), {
    examples: [
      ['millrace poller --endpoint http://localhost:4566', 'all Kafka mappings of an emulator'],
      ['millrace poller --function shop-dev-words --brokers localhost:9092', 'those of one function'],
      ['millrace poller --mapping mapping.json', 'one in a file, as CreateEventSourceMapping takes it'],
      ['millrace poller --function totals --topic orders --brokers localhost:9092', 'one that nobody has deployed'],
    ],
    exits: { 4: 'a topic or a function is not there' },
  })
}

async function runPoller(flags: PollerFlags): Promise<void> {
  // Listened for before anything is waited for: a poller that does not get to its topics must be stopped as easily.
  const interrupts = new Interrupts()
  const client = new LambdaClient({ ...(flags.endpoint !== undefined && { endpoint: flags.endpoint }) })
  const own = await ownMappings(flags)
  const clusters = new PolledClusters(flags)
  const pollers = new MappingPollers({
    read: own ? async () => own : () => readMappings(client, flags.function),
    start: (mapping) => poll(mapping, flags, clusters),
    say: (line) => console.log(line),
    complain: (line) => console.error(line),
  })
  try {
    const begun = await Promise.race([pollers.begin().then(() => true), interrupts.next().then(() => false)])
    if (begun && pollers.count === 0) {
      const whose = flags.function === undefined ? 'at this endpoint' : `of function ${flags.function}`
      throw new InvalidOptionError(
        `There is no enabled Kafka event source mapping ${whose}. Deploy first, or check --endpoint and --function.`,
      )
    }
    if (begun) await interrupts.next()
    await stop(pollers, begun, interrupts)
  } catch (error) {
    await Promise.race([pollers.stop(), pause(STOP_PATIENCE_MS)])
    pollers.kill()
    throw error
  } finally {
    client.destroy()
    clusters.close()
    interrupts.close()
    // What a library still waits for, such as a connection that it tries to make, must not keep the process.
    setTimeout(() => process.exit(), 500).unref()
  }
}

/** Ends within seconds, and says what it waits for. */
async function stop(pollers: MappingPollers, begun: boolean, interrupts: Interrupts): Promise<void> {
  const underWay = pollers.underWay()
  if (!begun) console.log('stopping: the mappings or Kafka have not answered yet')
  else if (underWay.length === 0) console.log('stopping: committing and leaving the consumer groups')
  else
    console.log(
      `stopping: waiting up to ${STOP_PATIENCE_MS / 1000} s for invocations under way (${underWay.join(', ')}); again to stop at once`,
    )
  const stopped = pollers.stop().then(() => true)
  if (await Promise.race([stopped, pause(STOP_PATIENCE_MS), interrupts.next()])) return console.log('stopped')
  const left = pollers.underWay()
  console.log(
    left.length > 0
      ? `stopped without waiting any longer for ${left.join(', ')}: these records are delivered again at the next start`
      : 'stopped without waiting any longer for Kafka: the consumer group notices when the session times out',
  )
  pollers.kill()
}

async function poll(mapping: EventSourceMapping, flags: PollerFlags, clusters: PolledClusters): Promise<Poller> {
  const name = nameOf(mapping)
  const { functionName } = mapping
  const cluster = await clusters.of(mapping)
  const endpoint = flags.destinationEndpoint ?? flags.endpoint
  const append = cluster.append
  const destination = failureDestination(mapping, { append, ...(endpoint !== undefined && { endpoint }) })
  const poller = await startPoller({
    mapping,
    source: cluster.source,
    invoker: lambdaEndpointInvoker({
      functionName,
      ...(flags.endpoint !== undefined && { endpoint: flags.endpoint }),
      onRetry: ({ errorType, errorMessage }) => console.error(`${name}: ${errorType}: ${errorMessage}; trying again`),
    }),
    pollers: flags.pollers ?? scalingOf(mapping),
    oversized: flags.oversized,
    onProgress({ records, durationMs, outcome, error }, stats) {
      const detail = error ? ` ${error.errorType}: ${error.errorMessage}` : ''
      console.log(
        `${name}: ${records} records, ${Math.round(durationMs)} ms, ${outcome}${detail} (${stats.records} in all)`,
      )
    },
    onScale: (pollers) => console.log(`${name}: ${pollers} poller${pollers === 1 ? '' : 's'} now`),
    onError: (error) => console.error(`${name}: ${error.message}`),
    async onDiscard(discarded) {
      await destination?.send(discarded)
      console.error(`${name}: ${givenUp(discarded, mapping)}`)
    },
  })
  const mode = mapping.provisioned ? 'provisioned' : 'on demand'
  console.log(`${name}: polling as group ${mapping.consumerGroupId} (${mode}, ${poller.pollers} of its pollers)`)
  return poller
}

/** `gave up 3 records (MaximumRecordAgeExceeded): lines-0 offsets 4 to 6`. */
function givenUp({ reason, records, error }: Discarded, { onFailureDestination }: EventSourceMapping): string {
  const ranges = Map.groupBy(records, ({ topic, partition }) => partitionName(topic, partition))
  const where = [...ranges].map(([partition, list]) => {
    const [from = 0, to = from] = [list[0]?.offset, list.at(-1)?.offset]
    return from === to ? `${partition} offset ${from}` : `${partition} offsets ${from} to ${to}`
  })
  const why = error ? `; the last error was ${error.errorType}: ${error.errorMessage}` : ''
  const sent = onFailureDestination === undefined ? '' : `; sent to ${onFailureDestination}`
  return `gave up ${records.length} record${records.length === 1 ? '' : 's'} (${reason}): ${where.join(', ')}${why}${sent}`
}

/** SIGINT and SIGTERM, one after the other. */
class Interrupts {
  #waiting = Promise.withResolvers<undefined>()
  readonly #on = (): void => {
    const { resolve } = this.#waiting
    this.#waiting = Promise.withResolvers()
    resolve(undefined)
  }

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, this.#on)
  }

  next(): Promise<undefined> {
    return this.#waiting.promise
  }

  close(): void {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, this.#on)
  }
}

function positive(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is a whole number from 1.')
}
