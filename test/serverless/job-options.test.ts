// Every property of a mapping that AWS documents for Kafka, in its ranges; what is outside of them is said before AWS says it.

import { describe, expect, test } from 'vitest'
import { InvalidOptionError } from '../../src/errors/errors.ts'
import { checkDeployment } from '../../src/serverless/check-deployment.ts'
import type { Feed } from '../../src/serverless/describe.ts'
import { checkJob } from '../../src/serverless/job-options.ts'
import { statementsOf } from '../../src/serverless/permissions.ts'
import { priceOf } from '../../src/serverless/pollers.ts'
import { resourcesOf } from '../../src/serverless/resources.ts'
import { deployment, describedJob } from './sample.ts'

const WHERE = 'custom.millrace.jobs.words'
const PROVISIONED = { provisionedPollerConfig: { minimumPollers: 1 } }
const QUEUE = 'arn:aws:sqs:eu-central-1:123456789012:failed'
const feed = (more: Partial<Feed> = {}): Feed => ({
  kind: 'kafka',
  name: 'lines',
  gaps: 'skip',
  holes: 'none',
  ...more,
})
const reading = (feeds: readonly Feed[], mapping: Readonly<Record<string, unknown>>, millrace = {}) =>
  deployment({ jobs: { words: describedJob('hot words', { feeds }) }, mapping, millrace })

function mappingsOf(made: ReturnType<typeof deployment>) {
  const all = Object.entries(resourcesOf(made, () => ({ name: 'f', arn: 'arn', dependsOn: [] })))
  return all.flatMap(([id, { Properties }]) => (id.startsWith('WordsMillraceTopic') ? [Properties] : []))
}

test('what can be said of failures, filters, metrics and logs gets into the mapping', () => {
  const made = reading([feed({ holes: 'filtered' })], {
    provisionedPollerConfig: { minimumPollers: '2', maximumPollers: 8, pollerGroupName: 'shop' },
    onFailureDestination: QUEUE,
    maximumRetryAttempts: 5,
    maximumRecordAgeInSeconds: 3600,
    bisectBatchOnFunctionError: true,
    filterPatterns: [{ value: { kind: ['order'] } }, '{"value":{"kind":["refund"]}}'],
    metricsConfig: { metrics: ['EventCount', 'KafkaMetrics'] },
    loggingConfig: { systemLogLevel: 'WARN' },
  })
  checkDeployment(made)
  expect(mappingsOf(made)).toMatchObject([
    {
      ProvisionedPollerConfig: { MinimumPollers: 2, MaximumPollers: 8, PollerGroupName: 'shop' },
      DestinationConfig: { OnFailure: { Destination: QUEUE } },
      MaximumRetryAttempts: 5,
      MaximumRecordAgeInSeconds: 3600,
      BisectBatchOnFunctionError: true,
      FilterCriteria: {
        Filters: [{ Pattern: '{"value":{"kind":["order"]}}' }, { Pattern: '{"value":{"kind":["refund"]}}' }],
      },
      MetricsConfig: { Metrics: ['EventCount', 'KafkaMetrics'] },
      LoggingConfig: { SystemLogLevel: 'WARN' },
    },
  ])
})

test.each([
  ['a queue', QUEUE, ['sqs:SendMessage'], QUEUE],
  [
    'a topic of SNS',
    'arn:aws:sns:eu-central-1:123456789012:t',
    ['sns:Publish'],
    'arn:aws:sns:eu-central-1:123456789012:t',
  ],
  ['a bucket', 'arn:aws:s3:::failed', ['s3:ListBucket'], 'arn:aws:s3:::failed'],
  [
    'another resource',
    { type: 'sqs', arn: { 'Fn::GetAtt': ['Q', 'Arn'] } },
    ['sqs:SendMessage'],
    { 'Fn::GetAtt': ['Q', 'Arn'] },
  ],
])('batches may go to %s, and the role may send them there', (_, onFailureDestination, Action, Resource) => {
  const made = reading([feed()], { onFailureDestination })
  checkDeployment(made)
  expect(statementsOf(made)).toContainEqual({ Effect: 'Allow', Action, Resource })
})

describe('refused', () => {
  test.each<[string, object, RegExp]>([
    [
      'more pollers at least than at most',
      { provisionedPollerConfig: { minimumPollers: 5, maximumPollers: 2 } },
      /minimumPollers \(5\) is greater than maximumPollers \(2\)/,
    ],
    [
      'too many pollers',
      { provisionedPollerConfig: { maximumPollers: 2001 } },
      /maximumPollers: expected a whole number from 1 to 2000/,
    ],
    [
      'too many pollers at least',
      { provisionedPollerConfig: { minimumPollers: 201 } },
      /minimumPollers: expected a whole number from 1 to 200/,
    ],
    ['the name of a group', { provisionedPollerConfig: { pollerGroupName: 'a b' } }, /pollerGroupName: 'a b' is not/],
    [
      'tries',
      { ...PROVISIONED, maximumRetryAttempts: 10_001 },
      /maximumRetryAttempts: expected a whole number from -1 to 10000/,
    ],
    [
      'an age between for ever and a minute',
      { ...PROVISIONED, maximumRecordAgeInSeconds: 59 },
      /maximumRecordAgeInSeconds: expected a whole number from 60 to 604800/,
    ],
    ['an age of more than a week', { ...PROVISIONED, maximumRecordAgeInSeconds: 604_801 }, /from 60 to 604800/],
    [
      'tries on demand',
      { maximumRetryAttempts: 3 },
      /maximumRetryAttempts: .*provisioned mode only.*until it succeeds/,
    ],
    ['halves on demand', { bisectBatchOnFunctionError: true }, /bisectBatchOnFunctionError: .*provisioned mode only/],
    ['logs on demand', { loggingConfig: { systemLogLevel: 'INFO' } }, /loggingConfig: .*provisioned mode only/],
    ['a level', { ...PROVISIONED, loggingConfig: { systemLogLevel: 'WARNING' } }, /Did you mean 'WARN'/],
    ['a metric', { ...PROVISIONED, metricsConfig: { metrics: ['EventCounts'] } }, /Did you mean 'EventCount'/],
    ['a word of metrics', { ...PROVISIONED, metricsConfig: { metric: [] } }, /Did you mean 'metrics'/],
    [
      'a destination',
      { onFailureDestination: 'arn:aws:lambda:eu-central-1:123456789012:function:f' },
      /onFailureDestination: .* is not of the form arn:aws:sqs/,
    ],
    [
      'a destination of no kind',
      { onFailureDestination: { arn: { Ref: 'Q' } } },
      /say what it is, type: sqs, sns or s3/,
    ],
    [
      'an intrinsic without its kind',
      { onFailureDestination: { 'Fn::GetAtt': ['Q', 'Arn'] } },
      /unknown option 'Fn::GetAtt'/,
    ],
    ['a pattern that is no JSON', { filterPatterns: ['{value'] }, /filterPatterns: \{value is not JSON/],
    ['a pattern that is no object', { filterPatterns: [5] }, /filterPatterns: expected names and values/],
    [
      'too many patterns',
      { filterPatterns: Array.from({ length: 11 }, () => ({ value: [1] })) },
      /10 patterns at most, got 11/,
    ],
    ['a long pattern', { filterPatterns: [{ value: ['x'.repeat(4096)] }] }, /4096 characters at most/],
  ])('%s', (_, job, message) => {
    expect(() => checkJob(WHERE, job)).toThrow(InvalidOptionError)
    expect(() => checkJob(WHERE, job)).toThrow(message)
    expect(() => checkJob(WHERE, job)).toThrow(WHERE)
  })

  // I7: what Lambda leaves out is a hole, and the job would stop there.
  test.each<[string, object, RegExp]>([
    ['a destination', { onFailureDestination: QUEUE }, /gives up batches of topic 'lines'.*gaps: 'skip'/s],
    ['a filter', { filterPatterns: [{ value: [1] }] }, /filterPatterns: .*holes: 'filtered'/s],
  ])('%s that the job does not know of', (_, mapping, message) => {
    expect(() => checkDeployment(reading([feed({ gaps: 'fail' })], { ...mapping }))).toThrow(message)
    checkDeployment(reading([feed({ gaps: 'fail', holes: 'filtered' })], { ...mapping }))
  })

  test('a group of more pollers than Lambda gives it', () => {
    const feeds = Array.from({ length: 11 }, (_, at) => feed({ name: `t${at}` }))
    expect(() => checkDeployment(reading(feeds, PROVISIONED))).toThrow(/11 topics with 2200 pollers at most/)
    checkDeployment(reading(feeds, { provisionedPollerConfig: { maximumPollers: 100 } }))
    checkDeployment(reading(feeds, { provisionedPollerConfig: { pollerGroupName: '' } }))
  })
})

describe('in provisioned mode', () => {
  const kafka = {
    bootstrapServers: ['b-1:9092'],
    accessConfigurations: { vpcSubnet: 'subnet-1', vpcSecurityGroup: 'sg-1' },
  }
  const feeds = ['a', 'b', 'c'].map((name) => feed({ name }))
  const groupsOf = (made: ReturnType<typeof deployment>) =>
    mappingsOf(made).map(({ ProvisionedPollerConfig: config }) => Reflect.get(Object(config), 'PollerGroupName'))
  const priced = (made: ReturnType<typeof deployment>) => made.jobs.flatMap((job) => priceOf(made, job))

  test('the topics of a job share one group of pollers, which is what is paid', () => {
    const made = reading(feeds, PROVISIONED, { kafka })
    const [group, ...others] = groupsOf(made)
    expect(group).toMatch(/^shop-dev-hot-words-[0-9a-f]{8}$/)
    expect(others).toEqual([group, group])
    expect(priced(made)).toEqual([
      expect.stringMatching(/at least 1 event poller unit at some \$0\.185 an hour, \$135 a month/),
    ])
  })

  test('but not outside of a VPC, nor when the service says so', () => {
    for (const made of [
      reading(feeds, PROVISIONED),
      reading(feeds, { provisionedPollerConfig: { pollerGroupName: '' } }, { kafka }),
    ]) {
      expect(groupsOf(made)).toEqual([undefined, undefined, undefined])
      expect(priced(made)).toEqual([expect.stringMatching(/at least 3 event poller units.*\$405 a month/)])
    }
  })

  test('on demand nothing is paid', () => {
    expect(priced(reading(feeds, {}, { kafka }))).toEqual([])
  })
})

describe('values of other stacks', () => {
  const shared = { 'Fn::ImportValue': 'cluster' }

  test('may stand for subnets and security groups', () => {
    const accessConfigurations = { vpcSubnet: [{ Ref: 'Subnet' }, 'subnet-1'], vpcSecurityGroup: { Ref: 'Group' } }
    const [mapping] = mappingsOf(
      reading([feed()], {}, { kafka: { bootstrapServers: ['b-1:9092'], accessConfigurations } }),
    )
    expect(mapping?.SourceAccessConfigurations).toEqual([
      { Type: 'VPC_SUBNET', URI: { 'Fn::Join': ['', ['subnet:', { Ref: 'Subnet' }]] } },
      { Type: 'VPC_SUBNET', URI: 'subnet:subnet-1' },
      { Type: 'VPC_SECURITY_GROUP', URI: { 'Fn::Join': ['', ['security_group:', { Ref: 'Group' }]] } },
    ])
  })

  test('may stand for a cluster, and its topics are named after it', () => {
    const made = reading([feed()], {}, { kafka: { mskArn: shared } })
    expect(mappingsOf(made)[0]?.EventSourceArn).toEqual(shared)
    const part = (at: number) => ({ 'Fn::Select': [at, { 'Fn::Split': [':cluster/', shared] }] })
    const topic = { 'Fn::Join': ['', [part(0), ':topic/', part(1), '/lines']] }
    expect(statementsOf(made)).toContainEqual({
      Effect: 'Allow',
      Action: ['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'],
      Resource: [topic],
    })
  })

  test.each([
    [
      'a cluster',
      { mskArn: 'arn:aws:kafka:eu-central-1:123:cluster/events' },
      /mskArn: .* is not of the form arn:aws:kafka/,
    ],
    [
      'a subnet',
      { bootstrapServers: 'b:1', accessConfigurations: { vpcSubnet: 'net-1', vpcSecurityGroup: 'sg-1' } },
      /vpcSubnet: "net-1" is not of the form subnet-/,
    ],
    [
      'a group',
      { bootstrapServers: 'b:1', accessConfigurations: { vpcSubnet: 'subnet-1', vpcSecurityGroup: 'group' } },
      /vpcSecurityGroup: "group" is not of the form sg-/,
    ],
    [
      'a secret',
      { bootstrapServers: 'b:1', accessConfigurations: { saslPlainAuth: 'password' } },
      /saslPlainAuth: "password" is not of the form arn:aws:secretsmanager/,
    ],
    ['what is no function', { mskArn: { Ref: 'A', Sub: 'B' } }, /mskArn: expected a text/],
  ])('%s that is none is refused', (_, kafka, message) => {
    expect(() => reading([feed()], {}, { kafka })).toThrow(message)
  })
})
