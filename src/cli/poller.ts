// `millrace poller`: the stand-in for Lambda's Kafka event source, beside an emulator. It reads the mappings of deployed
// functions from the endpoint, polls their topics, and invokes them there, until it is stopped.

import { LambdaClient } from '@aws-sdk/client-lambda'
import { Command, Option } from 'commander'
import { InvalidOptionError } from '../errors.ts'
import { kafkaSource } from '../local/event-source/kafka-source.ts'
import { type EventSourceMapping, readMappings } from '../local/event-source/mapping.ts'
import { type Poller, startPoller } from '../local/event-source/poller.ts'
import { lambdaEndpointInvoker } from '../local/invoker/lambda-endpoint.ts'

interface PollerFlags {
  readonly function?: string
  readonly endpoint?: string
  readonly brokers?: string
  readonly pollers: string
  readonly oversized: 'skip' | 'stop'
}

export function pollerCommand(): Command {
  return new Command('poller')
    .description(
      'stand in for the Lambda Kafka event source: poll the topics of deployed mappings and invoke their functions',
    )
    .option('--function <name>', 'only the mappings of this function')
    .option('--endpoint <url>', 'a Lambda-compatible endpoint (default: AWS_ENDPOINT_URL)')
    .option('--brokers <list>', 'brokers to use instead of those of the mappings; needed for MSK mappings')
    .option('--pollers <n>', 'members of the consumer group per mapping, which invoke side by side', '1')
    .addOption(
      new Option(
        '--oversized <what>',
        'with a record that fits no event: drop it, as Lambda does, or stop its partition',
      )
        .choices(['skip', 'stop'])
        .default('skip'),
    )
    .action(runPoller)
}

async function runPoller(flags: PollerFlags): Promise<void> {
  const client = new LambdaClient({ ...(flags.endpoint !== undefined && { endpoint: flags.endpoint }) })
  const mappings = (await readMappings(client, flags.function)).filter(({ enabled }) => enabled)
  if (mappings.length === 0) {
    const whose = flags.function === undefined ? 'at this endpoint' : `of function ${flags.function}`
    throw new InvalidOptionError(
      `There is no enabled Kafka event source mapping ${whose}. Deploy first, or check --endpoint and --function.`,
    )
  }
  const pollers = await Promise.all(mappings.map((mapping) => poll(mapping, client, flags)))
  await untilInterrupted()
  console.log('stopping: finishing the invocations under way')
  await Promise.all(pollers.map((poller) => poller.stop()))
  client.destroy()
}

async function poll(mapping: EventSourceMapping, client: LambdaClient, flags: PollerFlags): Promise<Poller> {
  const brokers = flags.brokers?.split(',') ?? mapping.bootstrapServers
  if (brokers.length === 0) {
    throw new InvalidOptionError(
      `Mapping ${mapping.uuid} names no brokers (it is of an MSK cluster): pass --brokers host:port.`,
    )
  }
  const invoker = lambdaEndpointInvoker({ functionName: mapping.functionName, client })
  const name = `${mapping.topics.join(',')} → ${mapping.functionName.split(':').at(-1)}`
  const poller = await startPoller({
    mapping,
    source: kafkaSource({ brokers }),
    invoker,
    pollers: Number(flags.pollers),
    oversized: flags.oversized,
    onProgress({ records, durationMs, outcome, error }, stats) {
      const detail = error ? ` ${error.errorType}: ${error.errorMessage}` : ''
      console.log(
        `${name}: ${records} records, ${Math.round(durationMs)} ms, ${outcome}${detail} (${stats.records} in all)`,
      )
    },
    onError: (error) => console.error(`${name}: ${error.message}`),
  })
  console.log(`${name}: polling as group ${mapping.consumerGroupId}`)
  return poller
}

function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
}
