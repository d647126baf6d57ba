// Kafka and MSK event source mappings on LocalStack (infra/localstack/plugin): nobody polls, but what was asked for comes
// back, through the API and through CloudFormation. `millrace poller` lives on that.

import {
  CreateEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
  DeleteEventSourceMappingCommand,
  type EventSourceMappingConfiguration,
  GetEventSourceMappingCommand,
  type LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { until } from '../../../infra/process.ts'
import { deployFunction, emulatorClient } from '../poller/deploy-function.ts'

const { localstack } = inject('services')
const endpoint = 'endpoint' in localstack ? localstack.endpoint : ''

const FUNCTION = 'mapped'
const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:failed'
const CLUSTER = 'arn:aws:kafka:us-east-1:000000000000:cluster/lines/00000000-0000-0000-0000-000000000000-1'

/** What both kinds of mapping have. */
const COMMON = {
  StartingPosition: 'TRIM_HORIZON',
  BatchSize: 250,
  MaximumBatchingWindowInSeconds: 7,
  FunctionResponseTypes: ['ReportBatchItemFailures'],
  DestinationConfig: { OnFailure: { Destination: QUEUE } },
  ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 5 },
  FilterCriteria: { Filters: [{ Pattern: '{"value":{"kind":["a"]}}' }] },
  MaximumRetryAttempts: 3,
  MaximumRecordAgeInSeconds: 600,
  BisectBatchOnFunctionError: true,
} satisfies Partial<CreateEventSourceMappingCommandInput>

const SELF_MANAGED = {
  ...COMMON,
  Topics: ['self-managed'],
  SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ['127.0.0.1:9092', '127.0.0.1:9093'] } },
  SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: 'their-group' },
  SourceAccessConfigurations: [{ Type: 'BASIC_AUTH', URI: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:s' }],
} satisfies Partial<CreateEventSourceMappingCommandInput>

const MSK = {
  ...COMMON,
  Topics: ['msk'],
  EventSourceArn: CLUSTER,
  AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: 'our-group' },
  SourceAccessConfigurations: [
    { Type: 'SASL_SCRAM_512_AUTH', URI: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:m' },
  ],
} satisfies Partial<CreateEventSourceMappingCommandInput>

describe.skipIf('missing' in localstack)('on LocalStack', () => {
  let client: LambdaClient

  beforeAll(async () => {
    client = emulatorClient(endpoint)
    await deployFunction(client, FUNCTION)
  })
  afterAll(() => client?.destroy())

  const create = (input: Partial<CreateEventSourceMappingCommandInput>) =>
    client.send(new CreateEventSourceMappingCommand({ FunctionName: FUNCTION, ...input }))
  const get = (UUID?: string) => client.send(new GetEventSourceMappingCommand({ UUID }))
  const remove = (UUID?: string) => client.send(new DeleteEventSourceMappingCommand({ UUID }))
  async function listed(UUID?: string): Promise<EventSourceMappingConfiguration | undefined> {
    const { EventSourceMappings = [] } = await client.send(
      new ListEventSourceMappingsCommand({ FunctionName: FUNCTION }),
    )
    return EventSourceMappings.find((one) => one.UUID === UUID)
  }

  test.each([
    ['self-managed Kafka', SELF_MANAGED],
    ['MSK', MSK],
  ])('a mapping of %s comes back as it was given, is changed, and goes', async (_, input) => {
    const created = await create(input)
    const { UUID } = created
    expect(created).toMatchObject({ ...input, FunctionArn: expect.stringContaining(`function:${FUNCTION}`) })
    expect(await listed(UUID)).toMatchObject({ ...input, State: 'Enabled' })
    expect(await get(UUID)).toMatchObject({ ...input, State: 'Enabled' })

    const change = { BatchSize: 17, ProvisionedPollerConfig: { MinimumPollers: 2, MaximumPollers: 2 } }
    await client.send(new UpdateEventSourceMappingCommand({ UUID, ...change }))
    expect(await listed(UUID)).toMatchObject({ ...input, ...change, State: 'Enabled' })
    for (const [Enabled, State] of [
      [false, 'Disabled'],
      [true, 'Enabled'],
    ] as const) {
      await client.send(new UpdateEventSourceMappingCommand({ UUID, Enabled }))
      expect(await listed(UUID)).toMatchObject({ ...input, ...change, State })
      expect(await get(UUID)).toMatchObject({ State })
    }

    expect(await remove(UUID)).toMatchObject({ UUID, State: 'Deleting' })
    expect(await listed(UUID)).toBeUndefined()
    await expect(get(UUID)).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
  })

  test('a mapping with no more than it must have gets what AWS adds', async () => {
    const { Topics, SelfManagedEventSource, SourceAccessConfigurations } = SELF_MANAGED
    const StartingPosition = 'AT_TIMESTAMP'
    const StartingPositionTimestamp = new Date('2026-01-02T03:04:05Z')
    const least = { Topics, SelfManagedEventSource, SourceAccessConfigurations, StartingPosition } as const
    const { UUID } = await create({ ...least, StartingPositionTimestamp, Enabled: false })
    expect(await listed(UUID)).toMatchObject({
      ...least,
      StartingPositionTimestamp,
      State: 'Disabled',
      BatchSize: 100,
      MaximumBatchingWindowInSeconds: 0,
      SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: UUID },
    })
    await remove(UUID)
  })

  test.each([
    ['no topic', { ...MSK, Topics: [] }, /exactly one topic/],
    ['two topics', { ...MSK, Topics: ['a', 'b'] }, /exactly one topic/],
    ['no position', { ...MSK, StartingPosition: undefined }, /StartingPosition must be/],
    ['no timestamp', { ...MSK, StartingPosition: 'AT_TIMESTAMP' as const }, /StartingPositionTimestamp/],
    ['no servers', { ...SELF_MANAGED, SelfManagedEventSource: { Endpoints: {} } }, /KAFKA_BOOTSTRAP_SERVERS/],
  ])('a mapping with %s is refused', async (_, input, message) => {
    await expect(create(input)).rejects.toMatchObject({ name: 'InvalidParameterValueException', message })
  })

  test('the same topic twice for one function is refused', async () => {
    const { UUID } = await create(SELF_MANAGED)
    await expect(create(SELF_MANAGED)).rejects.toMatchObject({ name: 'ResourceConflictException' })
    await remove(UUID)
  })

  test('CloudFormation creates, changes and deletes mappings of both kinds', async () => {
    const mapping = (input: object) => ({
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: { FunctionName: FUNCTION, ...input },
    })
    const servers = { Endpoints: { KafkaBootstrapServers: ['127.0.0.1:9092', '127.0.0.1:9093'] } }
    const template = (change: object) => ({
      Resources: {
        Own: mapping({ ...SELF_MANAGED, SelfManagedEventSource: servers, ...change }),
        Msk: mapping({ ...MSK, Enabled: false, ...change }),
      },
    })
    const both = async () => {
      const { EventSourceMappings = [] } = await client.send(new ListEventSourceMappingsCommand({}))
      const of = (topic: string) => EventSourceMappings.find((one) => one.Topics?.[0] === topic)
      return [of('self-managed'), of('msk')]
    }

    await cloudFormation('CreateStack', template({}), 'CREATE_COMPLETE')
    expect(await both()).toMatchObject([
      { ...SELF_MANAGED, State: 'Enabled' },
      { ...MSK, State: 'Disabled' },
    ])
    const change = { BatchSize: 9, ProvisionedPollerConfig: { MinimumPollers: 3, MaximumPollers: 4 } }
    await cloudFormation('UpdateStack', template(change), 'UPDATE_COMPLETE')
    expect(await both()).toMatchObject([
      { ...SELF_MANAGED, ...change, State: 'Enabled' },
      { ...MSK, ...change, State: 'Disabled' },
    ])
    await cloudFormation('DeleteStack', undefined, undefined)
    expect(await both()).toEqual([undefined, undefined])
  })
})

const STACK = 'mappings'

/** One action on the stack, and waits for the status it should come to; `undefined`: for the stack to be gone. */
async function cloudFormation(action: string, template: object | undefined, status: string | undefined): Promise<void> {
  const answer = await query({ Action: action, ...(template && { TemplateBody: JSON.stringify(template) }) })
  expect(answer).toContain(`${action}Response`)
  await until(
    async () => {
      const stacks = await query({ Action: 'DescribeStacks' })
      const [, now] = /<StackStatus>(\w+)</.exec(stacks) ?? []
      if (now?.endsWith('FAILED') || now?.includes('ROLLBACK')) throw new Error(stacks)
      return now === status
    },
    120_000,
    `stack ${status}`,
  )
}

/** CloudFormation's Query API; the emulator looks at the signature only for the service's name. */
async function query(parameters: Record<string, string>): Promise<string> {
  const body = new URLSearchParams({ Version: '2010-05-15', StackName: STACK, ...parameters })
  const scope = 'test/20260101/us-east-1/cloudformation/aws4_request'
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=none`
  return (await fetch(endpoint, { method: 'POST', body, headers: { authorization } })).text()
}
