// All of it: a mapping kept by LocalStack, records on real Kafka, and a function deployed to LocalStack.

import { fileURLToPath } from 'node:url'
import { CreateEventSourceMappingCommand, type LambdaClient } from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { InvocationReport } from '../../../src/local/event-source/deliver.ts'
import { kafkaSource } from '../../../src/local/event-source/kafka-source.ts'
import { readMappings } from '../../../src/local/event-source/mapping-api.ts'
import { startPoller } from '../../../src/local/event-source/poller.ts'
import { lambdaEndpointInvoker } from '../../../src/local/invoker/lambda-endpoint.ts'
import { until } from '../../local/event-source/until.ts'
import { deployFunction, emulatorClient } from './deploy-function.ts'
import { KafkaService } from './kafka-service.ts'
import { bootstrap, describeWith, endpoints, unique } from './services.ts'

const FUNCTION = fileURLToPath(new URL('./fixtures/count-records.ts', import.meta.url))

describeWith(bootstrap, endpoints.localstack)('a deployed function', () => {
  let client: LambdaClient
  let service: KafkaService
  beforeAll(async () => {
    client = emulatorClient(endpoints.localstack)
    service = await new KafkaService(bootstrap).connect()
  })
  afterAll(async () => {
    client?.destroy()
    await service?.close()
  })

  it('reads the mapping from the endpoint and invokes the deployed function with records of Kafka', async () => {
    const [topic, name] = [unique('lines'), unique('count-records')]
    await service.createTopic(topic, 2)
    await service.append(Array.from({ length: 200 }, (_, i) => ({ topic, partition: i % 2, value: `line ${i}` })))
    await deployFunction(client, name, {}, FUNCTION)
    await client.send(
      new CreateEventSourceMappingCommand({
        FunctionName: name,
        Topics: [topic],
        StartingPosition: 'TRIM_HORIZON',
        BatchSize: 50,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ProvisionedPollerConfig: { MinimumPollers: 1 },
        SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: [bootstrap] } },
        SourceAccessConfigurations: [{ Type: 'VPC_SUBNET', URI: 'subnet:subnet-1' }],
      }),
    )
    const [mapping] = await readMappings(client, name)
    if (!mapping) throw new Error('no mapping')

    const source = kafkaSource({ brokers: mapping.bootstrapServers })
    const invoker = lambdaEndpointInvoker({ functionName: mapping.functionName, client })
    const reports: InvocationReport[] = []
    const poller = await startPoller({
      mapping,
      source,
      invoker,
      backoff: { initialMs: 1, maxMs: 10 },
      onProgress: (report) => reports.push(report),
    })
    for (const partition of [0, 1]) {
      await until(
        `partition ${partition} committed`,
        async () => (await service.committed(mapping.consumerGroupId, { topic, partition })) === 100,
        60_000,
      )
    }
    await poller.stop()
    await invoker.close()
    await source.close()
    expect(reports[0]).toMatchObject({ outcome: 'failure', error: { errorMessage: 'the first invocation fails' } })
    expect(reports.some(({ outcome }) => outcome === 'partial')).toBe(true)
  })
})
