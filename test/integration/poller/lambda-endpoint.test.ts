// Functions deployed to LocalStack, invoked there, and mappings read from there.

import { CreateEventSourceMappingCommand } from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { mappingFromApi, readMappings } from '../../../src/local/event-source/mapping-api.ts'
import { lambdaEndpointInvoker } from '../../../src/local/invoker/lambda-endpoint.ts'
import { invokerContract } from '../../local/invoker/invoker.contract.ts'
import { deployFunction, emulatorClient } from './deploy-function.ts'
import { describeWith, endpoints, unique } from './services.ts'

for (const [emulator, endpoint] of Object.entries(endpoints)) {
  describeWith(endpoint)(`Lambda on ${emulator}`, () => {
    const [name, impatient] = [unique('contract'), unique('impatient')]
    const client = emulatorClient(endpoint)
    beforeAll(async () => {
      await deployFunction(client, name)
      await deployFunction(client, impatient, { Timeout: 1 })
    })
    afterAll(() => client.destroy())

    invokerContract(emulator, {
      open: async (options) =>
        lambdaEndpointInvoker({ functionName: options?.timeoutMs === undefined ? name : impatient, client }),
      ...(emulator === 'ministack' && { lacks: ['errorNames', 'timeout'] as const }),
    })

    it('reports a process that ended', async () => {
      const invoker = lambdaEndpointInvoker({ functionName: name, client })
      expect(await invoker.invoke('{"do":"exit"}')).toMatchObject({ ok: false })
      expect((await invoker.invoke('{"do":"count"}')).ok).toBe(true)
    })

    it('says when the function is not deployed', async () => {
      const invoker = lambdaEndpointInvoker({ functionName: 'nobody', client })
      expect(await invoker.invoke('{}')).toMatchObject({ ok: false, errorType: 'ResourceNotFoundException' })
    })
  })
}

describeWith(endpoints.localstack)('mappings on LocalStack', () => {
  it('are read as they were made', async () => {
    const client = emulatorClient(endpoints.localstack)
    const name = unique('mapped')
    await deployFunction(client, name)
    const created = await client.send(
      new CreateEventSourceMappingCommand({
        FunctionName: name,
        Topics: ['flights'],
        StartingPosition: 'TRIM_HORIZON',
        BatchSize: 1000,
        MaximumBatchingWindowInSeconds: 1,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ProvisionedPollerConfig: { MinimumPollers: 1 },
        SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ['127.0.0.1:9092'] } },
        SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: 'flights-group' },
        SourceAccessConfigurations: [{ Type: 'VPC_SUBNET', URI: 'subnet:subnet-1' }],
      }),
    )
    const mappings = await readMappings(client, name)
    expect(mappings).toEqual([mappingFromApi(created)])
    expect(mappings[0]).toMatchObject({
      topics: ['flights'],
      eventSource: 'SelfManagedKafka',
      consumerGroupId: 'flights-group',
      bootstrapServers: ['127.0.0.1:9092'],
      batchSize: 1000,
      maximumBatchingWindowMs: 1000,
      reportBatchItemFailures: true,
      startingPosition: { type: 'TRIM_HORIZON' },
      enabled: true,
    })
  })
})
