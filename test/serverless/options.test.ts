import { describe, expect, test } from 'vitest'
import { InvalidOptionError } from '../../src/errors/errors.ts'
import { checkPluginOptions, handlersOf } from '../../src/serverless/options.ts'

const KAFKA = { bootstrapServers: ['b-1:9092'] }
const ARN = 'arn:aws:kafka:eu-central-1:123456789012:cluster/events/0f0f0f0f-1111-2222-3333-444455556666-1'

const check = (millrace: unknown) => checkPluginOptions({ millrace })
const jobOf = (job: unknown) => check({ kafka: KAFKA, jobs: { words: job } }).jobs.get('words')

describe('what may be left out', () => {
  test('gets defaults', () => {
    const options = check({ kafka: KAFKA, jobs: { words: { handler: 'functions/words.handler' } } })
    expect(options).toMatchObject({ state: 'managed', buckets: 'managed', onRemove: 'keep' })
    expect(options.kafka).toMatchObject({ bootstrapServers: ['b-1:9092'], mskArn: undefined, access: [] })
    expect(options.jobs.get('words')).toEqual({
      batchSize: 1000,
      maximumBatchingWindow: undefined,
      startingPosition: 'TRIM_HORIZON',
      startingPositionTimestamp: undefined,
      enabled: true,
      pollers: undefined,
      reportBatchItemFailures: false,
      onFailure: undefined,
      maximumRetryAttempts: undefined,
      maximumRecordAge: undefined,
      bisectBatchOnFunctionError: false,
      filterPatterns: [],
      metrics: [],
      logLevel: undefined,
    })
  })

  test('a job may be a name only, when `functions` has the rest', () => {
    expect(jobOf(null)).toMatchObject({ batchSize: 1000 })
  })
})

test('brokers may come as one text, as an environment variable has them', () => {
  const { kafka } = check({ kafka: { bootstrapServers: 'b-1:9092, b-2:9092,[::1]:9092' }, jobs: { words: {} } })
  expect(kafka.bootstrapServers).toEqual(['b-1:9092', 'b-2:9092', '[::1]:9092'])
})

test('numbers and switches may come as texts', () => {
  expect(jobOf({ batchSize: '500', maximumBatchingWindow: '5', enabled: 'false' })).toMatchObject({
    batchSize: 500,
    maximumBatchingWindow: 5,
    enabled: false,
  })
})

test('access configurations become what CloudFormation wants', () => {
  const accessConfigurations = {
    vpcSubnet: ['subnet-1', 'subnet:subnet-2'],
    vpcSecurityGroup: 'sg-1',
    saslScram512Auth: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:kafka',
  }
  const { kafka } = check({ kafka: { ...KAFKA, accessConfigurations }, jobs: { words: {} } })
  expect(kafka.access).toEqual([
    { Type: 'VPC_SUBNET', URI: 'subnet:subnet-1' },
    { Type: 'VPC_SUBNET', URI: 'subnet:subnet-2' },
    { Type: 'VPC_SECURITY_GROUP', URI: 'security_group:sg-1' },
    { Type: 'SASL_SCRAM_512_AUTH', URI: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:kafka' },
  ])
})

test('provisioned mode may have partial responses', () => {
  expect(jobOf({ provisionedPollerConfig: { minimumPollers: 2 }, reportBatchItemFailures: true })).toMatchObject({
    pollers: { minimum: 2, maximum: undefined },
    reportBatchItemFailures: true,
  })
})

describe('refused', () => {
  const jobs = { words: {} }
  test.each([
    ['nothing at all', undefined, 'custom.millrace is missing'],
    ['an unknown option', { kafka: KAFKA, job: jobs }, "unknown option 'job'. Did you mean 'jobs'?"],
    ['no jobs', { kafka: KAFKA, jobs: {} }, 'names no job'],
    ['no cluster', { jobs }, 'custom.millrace.kafka is missing'],
    ['a cluster without address', { kafka: {}, jobs }, 'give either bootstrapServers'],
    ['two clusters', { kafka: { ...KAFKA, mskArn: ARN }, jobs }, 'not both'],
    ['a broker without port', { kafka: { bootstrapServers: ['b-1'] }, jobs }, "'b-1' is not of the form host:port"],
    ['a broker option', { kafka: { bootstrapServer: ['b:1'] }, jobs }, "Did you mean 'bootstrapServers'?"],
    ['a count of partitions', { kafka: { ...KAFKA, partitions: { lines: 0 } }, jobs }, 'kafka.partitions.lines'],
    [
      'half of a VPC',
      { kafka: { ...KAFKA, accessConfigurations: { vpcSubnet: 'subnet-1' } }, jobs },
      'vpcSubnet and vpcSecurityGroup go together',
    ],
    [
      'what MSK has not',
      { kafka: { mskArn: ARN, accessConfigurations: { saslPlainAuth: 'arn' } }, jobs },
      "unknown option 'saslPlainAuth'",
    ],
    ['a choice', { kafka: KAFKA, jobs, onRemove: 'keeps' }, "Did you mean 'keep'?"],
  ])('%s', (_, millrace, message) => {
    expect(() => check(millrace)).toThrow(InvalidOptionError)
    expect(() => check(millrace)).toThrow(message)
  })

  test.each([
    [
      'an unknown option',
      { batchsize: 5 },
      "custom.millrace.jobs.words: unknown option 'batchsize'. Did you mean 'batchSize'?",
    ],
    [
      'a batch too large',
      { batchSize: 10_001 },
      'jobs.words.batchSize: expected a whole number from 1 to 10000, got 10001',
    ],
    ['a window too long', { maximumBatchingWindow: 301 }, 'from 0 to 300'],
    ['a position', { startingPosition: 'EARLIEST' }, '"EARLIEST" is not possible'],
    ['a position in time without one', { startingPosition: 'AT_TIMESTAMP' }, 'go together'],
    ['partial responses without provisioned mode', { reportBatchItemFailures: true }, 'provisioned mode only'],
    ['a switch', { enabled: 'perhaps' }, 'expected true or false, got "perhaps"'],
    ['pollers', { provisionedPollerConfig: { minPollers: 1 } }, "Did you mean 'minimumPollers'?"],
  ])('%s of a job', (_, job, message) => {
    expect(() => jobOf(job)).toThrow(message)
  })
})

test('handlers are read without checking anything else', () => {
  const jobs = { words: { handler: 'functions/words.handler', batchsize: 1 }, clicks: null }
  expect(handlersOf({ millrace: { jobs } })).toEqual(
    new Map([
      ['words', 'functions/words.handler'],
      ['clicks', undefined],
    ]),
  )
  expect(handlersOf(undefined)).toEqual(new Map())
})
