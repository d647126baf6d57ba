import { describe, expect, test } from 'vitest'
import { checkDeployment } from '../../src/serverless/check-deployment.ts'
import { environmentOf } from '../../src/serverless/deployment.ts'
import type { CfnResource } from '../../src/serverless/framework.ts'
import { resourcesOf } from '../../src/serverless/resources.ts'
import { deployment, describedJob, topics } from './sample.ts'

const target = {
  name: { Ref: 'WordsLambdaFunction' },
  arn: { 'Fn::GetAtt': ['WordsLambdaFunction', 'Arn'] },
  dependsOn: ['Role'],
}
const resources = (...sample: Parameters<typeof deployment>) => resourcesOf(deployment(...sample), () => target)

/** The only resource whose logical id begins like this. */
function the(all: Readonly<Record<string, CfnResource>>, start: string): CfnResource {
  const found = Object.entries(all).filter(([id]) => id.startsWith(start))
  const [one] = found
  if (!one || found.length > 1) throw new Error(`${found.length} of ${start}: ${Object.keys(all)}`)
  return one[1]
}

const bucketOf = (all: Readonly<Record<string, CfnResource>>, start: string) =>
  the(Object.fromEntries(Object.entries(all).filter(([, { Type }]) => Type === 'AWS::S3::Bucket')), start)

test('the table has expiry and recovery, and stays when the service is removed', () => {
  expect(the(resources(), 'MillraceTable')).toEqual({
    Type: 'AWS::DynamoDB::Table',
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      TableName: 'shop-dev-millrace',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    },
  })
})

describe('buckets', () => {
  test('are private, encrypted, and clear away what no commit needs', () => {
    const rules = [
      {
        Id: 'millrace-stale-uploads',
        Status: 'Enabled',
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 14 },
      },
      { Id: 'millrace-spill', Status: 'Enabled', Prefix: '_millrace/spill/', ExpirationInDays: 14 },
    ]
    const all = resources()
    const { Properties: state } = bucketOf(all, 'MillraceBucket')
    expect(state.BucketName).toEqual({ 'Fn::Sub': `shop-dev-millrace-\${AWS::AccountId}-\${AWS::Region}` })
    expect(state.LifecycleConfiguration).toEqual({ Rules: rules })
    const { Properties: output } = bucketOf(all, 'MillraceOutput')
    expect(output.BucketName).toBe('results')
    expect(output.LifecycleConfiguration).toEqual({ Rules: rules.slice(0, 1) })
    for (const bucket of [state, output]) {
      expect(bucket.BucketEncryption).toEqual({
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      })
      expect(bucket.PublicAccessBlockConfiguration).toEqual({
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      })
      expect(bucket.OwnershipControls).toEqual({ Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] })
    }
  })

  test('keep uploads and spilled records longer than any job keeps its log', () => {
    const jobs = { a: describedJob('a'), b: describedJob('b', { retention: 30.5 * 86_400_000 }) }
    const { Properties } = bucketOf(resources({ jobs }), 'MillraceBucket')
    expect(JSON.stringify(Properties.LifecycleConfiguration)).toContain('"DaysAfterInitiation":38')
  })

  test('are made once each, those of quarantine too', () => {
    const jobs = {
      a: describedJob('a', {
        outputs: [
          { kind: 'objects', bucket: 'one', prefix: 'a' },
          { kind: 'objects', bucket: 'two', prefix: 'b' },
        ],
      }),
      b: describedJob('b', {
        outputs: [{ kind: 'objects', bucket: 'one', prefix: 'c' }],
        quarantine: { kind: 'objects', bucket: 'three', prefix: 'q' },
      }),
    }
    const names = Object.values(resources({ jobs })).flatMap(({ Type, Properties }) =>
      Type === 'AWS::S3::Bucket' && typeof Properties.BucketName === 'string' ? [Properties.BucketName] : [],
    )
    expect(names.sort()).toEqual(['one', 'three', 'two'])
  })

  test('and table are left alone when they are external', () => {
    const all = resources({ millrace: { state: 'external', buckets: 'external', alarms: false, dashboard: false } })
    expect(
      Object.values(all)
        .map(({ Type }) => Type)
        .sort(),
    ).toEqual([
      'AWS::Lambda::EventSourceMapping',
      'AWS::Lambda::EventSourceMapping',
      'AWS::SQS::Queue',
      'AWS::SQS::Queue',
      'AWS::SQS::QueuePolicy',
    ])
  })

  test('and table go with the service when that is wanted', () => {
    const all = resources({ millrace: { onRemove: 'delete' } })
    const policies = Object.values(all).flatMap(({ DeletionPolicy }) => DeletionPolicy ?? [])
    // Buckets are emptied and deleted by the plugin, after the functions.
    const except = 'RetainExceptOnCreate'
    expect(policies).toEqual(['Delete', except, 'Delete', except, 'Delete'])
  })

  test('and queues refuse whoever comes without TLS', () => {
    const all = resources()
    const refused = Object.values(all).flatMap(({ Type, Properties }) => (Type.endsWith('Policy') ? [Properties] : []))
    expect(refused).toHaveLength(3)
    for (const { PolicyDocument } of refused) {
      expect(PolicyDocument).toMatchObject({
        Statement: [{ Effect: 'Deny', Principal: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }],
      })
    }
    const arn = { 'Fn::GetAtt': ['MillraceBucket', 'Arn'] }
    expect(all.MillraceBucketPolicy?.Properties).toMatchObject({
      Bucket: { Ref: 'MillraceBucket' },
      PolicyDocument: { Statement: [{ Resource: [arn, { 'Fn::Sub': [`\${Bucket}/*`, { Bucket: arn }] }] }] },
    })
    const queues = Object.keys(all).filter((id) => all[id]?.Type === 'AWS::SQS::Queue')
    const policy = Object.values(all).find(({ Type }) => Type === 'AWS::SQS::QueuePolicy')
    expect(policy?.Properties.Queues).toEqual(queues.map((id) => ({ Ref: id })))
  })
})

describe('mappings', () => {
  test('of a cluster of one’s own: one per topic, in consumer groups of the job', () => {
    const all = resources({ jobs: { words: describedJob('words', { feeds: topics('a-b', 'ab') }) } })
    const mappings = Object.entries(all).filter(([id]) => id.startsWith('WordsMillraceTopic'))
    expect(mappings.map(([, { Properties }]) => Properties)).toEqual(
      ['a-b', 'ab'].map((topic) => ({
        FunctionName: target.arn,
        Topics: [topic],
        SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: ['b-1:9092'] } },
        SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: `shop-dev.words.${topic}` },
        SourceAccessConfigurations: [],
        StartingPosition: 'TRIM_HORIZON',
        BatchSize: 1000,
        Enabled: true,
      })),
    )
    expect(mappings[0]?.[1].DependsOn).toEqual([
      'Role',
      'MillraceTable',
      'MillraceBucket',
      expect.stringMatching(/^MillraceOutput/),
    ])
  })

  test('where the job says that a topic begins, unless the service says it, too', () => {
    const beginning = (startsAt: 'latest' | number, mapping = {}) =>
      resources({
        jobs: { words: describedJob('words', { feeds: [{ kind: 'kafka', name: 'lines', startsAt }] }) },
        mapping,
      })
    const at = the(beginning(1_700_000_000_900), 'WordsMillraceTopic').Properties
    expect(at).toMatchObject({ StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: 1_700_000_000 })
    expect(the(beginning('latest'), 'WordsMillraceTopic').Properties).toMatchObject({ StartingPosition: 'LATEST' })
    expect(() => beginning('latest', { startingPosition: 'LATEST' })).toThrow(/startingOffsets.*Leave one of them out/)
  })

  test('of MSK, with everything that can be said', () => {
    const mskArn = 'arn:aws:kafka:eu-central-1:123456789012:cluster/events/uuid-1'
    const secret = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:AmazonMSK_1'
    const all = resources({
      millrace: { kafka: { mskArn, accessConfigurations: { saslScram512Auth: secret } } },
      mapping: {
        batchSize: 5000,
        maximumBatchingWindow: 5,
        startingPosition: 'AT_TIMESTAMP',
        startingPositionTimestamp: 1_700_000_000,
        enabled: false,
        provisionedPollerConfig: { minimumPollers: 1, maximumPollers: 4 },
        reportBatchItemFailures: true,
      },
    })
    expect(the(all, 'WordsMillraceTopic').Properties).toEqual({
      FunctionName: target.arn,
      Topics: ['lines'],
      EventSourceArn: mskArn,
      AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: expect.stringMatching(/^shop-dev\.hot-words\.lines-/) },
      SourceAccessConfigurations: [{ Type: 'SASL_SCRAM_512_AUTH', URI: secret }],
      StartingPosition: 'AT_TIMESTAMP',
      StartingPositionTimestamp: 1_700_000_000,
      BatchSize: 5000,
      MaximumBatchingWindowInSeconds: 5,
      Enabled: false,
      ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 4 },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    })
  })

  test('of wake-ups: each job has a queue of its own', () => {
    const all = resources({ jobs: { a: describedJob('a'), b: describedJob('b') }, timeout: 100 })
    const queues = Object.entries(all).filter(([id]) => id.includes('MillraceWakeQueue'))
    expect(queues).toHaveLength(2)
    const [lost = ''] = Object.keys(all).filter((id) => /^AMillraceLostWakeUps(?!Alarm)/.test(id))
    expect(queues[0]?.[1].Properties).toEqual({
      VisibilityTimeout: 100, // the least that a mapping takes: that of the function
      MessageRetentionPeriod: 1_209_600,
      SqsManagedSseEnabled: true,
      RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': [lost, 'Arn'] }, maxReceiveCount: 1000 },
    })
    expect(all[lost]?.Properties).toEqual({ MessageRetentionPeriod: 1_209_600, SqsManagedSseEnabled: true })
    expect(the(all, 'AMillraceLostWakeUpsAlarm').Properties).toMatchObject({
      Namespace: 'AWS/SQS',
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [lost, 'QueueName'] } }],
      Threshold: 1,
      TreatMissingData: 'notBreaching',
    })
    expect(the(all, 'AMillraceWakeMapping').Properties).toEqual({
      FunctionName: target.arn,
      EventSourceArn: { 'Fn::GetAtt': [queues[0]?.[0], 'Arn'] },
      BatchSize: 1,
      ScalingConfig: { MaximumConcurrency: 16 },
    })
  })
})

describe('variables of a function', () => {
  const variablesOf = (...sample: Parameters<typeof deployment>) => {
    const made = deployment(...sample)
    const [first] = made.jobs
    if (!first) throw new Error('no job')
    return environmentOf(made, first)
  }

  test('name what the stack makes', () => {
    expect(variablesOf({ partitions: { lines: 4, others: 2 } })).toEqual({
      MILLRACE_METRICS: 'emf',
      MILLRACE_TABLE: { Ref: 'MillraceTable' },
      MILLRACE_BUCKET: { Ref: 'MillraceBucket' },
      MILLRACE_WAKE_QUEUE_URL: { Ref: expect.stringMatching(/^WordsMillraceWakeQueue/) },
      MILLRACE_CODE: 'abc',
      MILLRACE_PARTITIONS: 'lines=4',
    })
  })

  test('name what was there before', () => {
    expect(variablesOf({ millrace: { state: 'external' } })).toMatchObject({
      MILLRACE_TABLE: 'shop-dev-millrace',
      MILLRACE_BUCKET: { 'Fn::Sub': `shop-dev-millrace-\${AWS::AccountId}-\${AWS::Region}` },
    })
  })

  test('say when failures are reported per partition', () => {
    const mapping = { provisionedPollerConfig: { minimumPollers: 1 }, reportBatchItemFailures: true }
    expect(variablesOf({ mapping })).toMatchObject({ MILLRACE_REPORT_FAILURES: '1' })
  })
})

describe('a deployment is refused with', () => {
  test('two functions for one job', () => {
    const jobs = { a: describedJob('words'), b: describedJob('words') }
    expect(() => checkDeployment(deployment({ jobs }))).toThrow(/'a' and 'b' both run a job named 'words'/)
  })

  test('a job that reads nothing', () => {
    const jobs = { a: describedJob('words', { feeds: [] }) }
    expect(() => checkDeployment(deployment({ jobs }))).toThrow(/reads nothing/)
  })

  test('partitions of a topic that nobody reads', () => {
    const millrace = { kafka: { bootstrapServers: ['b-1:9092'], partitions: { line: 4 } } }
    expect(() => checkDeployment(deployment({ millrace }))).toThrow(/no job reads the topic 'line'; there are lines/)
  })

  test('a timeout that Lambda does not give', () => {
    expect(() => checkDeployment(deployment({ timeout: 900 }))).toThrow(/after 840 s, got 900/)
  })
})
