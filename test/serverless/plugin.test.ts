// The plugin inside the real framework: `serverless package`, which needs neither an account nor a network.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { ACCOUNT } from '../../src/serverless/pseudo-parameters.ts'
import { REPOSITORY, ServiceFolder } from './service-folder.ts'

const job = (name: string, topic: string) => `import { job, text } from 'millrace'
import { lambda } from 'millrace/lambda'
export const ${topic} = job('${name}', { batch: '5s' }, ({ kafka }) => {
  kafka('${topic}', { value: text() }).map((record) => record.value).saveAsTextFiles(\`s3://\${process.env.BUCKET}/${topic}\`)
})
export const handler = lambda(${topic})
`

const yml = (millrace: string, rest = '') => `service: shop
provider: { name: aws, runtime: nodejs24.x, region: eu-central-1, stage: test }
plugins: [./src/serverless/index.ts]
custom:
  millrace:
    kafka:
      bootstrapServers: 127.0.0.1:1
      accessConfigurations: { vpcSubnet: subnet-1, vpcSecurityGroup: sg-1 }
      partitions: { words: 4 }
${millrace}
${rest}`

const JOBS = `    jobs:
      words: { handler: functions/words.handler, batchSize: 10 }
      clicks: { maximumBatchingWindow: 2 }
`
const FUNCTIONS = `functions:
  clicks:
    handler: functions/clicks.handler
    memorySize: 512
    timeout: 30
    environment: { BUCKET: clicks-results, NODE_OPTIONS: --max-http-header-size=32768 }
  words: { environment: { BUCKET: words-results } }
  other: { handler: other.handler }
`

// A run of the framework takes 2 s, more when the machine has other things to do.
vi.setConfig({ testTimeout: 120_000 })

let service: ServiceFolder | undefined
afterEach(() => service?.remove())

async function folder(config: string, code: Record<string, string> = {}): Promise<ServiceFolder> {
  service = await ServiceFolder.make({
    'serverless.yml': config,
    'functions/words.ts': job('words', 'words'),
    'functions/clicks.ts': job('clicks', 'clicks'),
    'other.js': 'export const handler = async () => {}\n',
    ...code,
  })
  return service
}

test('functions may come as a list, as files of several people do', async () => {
  const parts = FUNCTIONS.replace('functions:\n', '')
    .replace(/^ {2}(?=\w)/gm, '  - ')
    .replace(/^ {4}/gm, '      ')
  const service = await folder(yml(JOBS, `functions:\n${parts}`))
  const said = await service.serverless(['print', '--path', 'functions', '--format', 'json'])
  const functions: Record<string, { handler: string; environment: object }> = JSON.parse(said.slice(said.indexOf('{')))
  expect(functions.words).toMatchObject({
    handler: 'functions/words.handler',
    environment: { BUCKET: 'words-results' },
  })
  expect(Object.keys(functions).sort()).toEqual(['clicks', 'other', 'words'])
})

async function templateOf(service: ServiceFolder) {
  const text = await service.read('.serverless/cloudformation-template-update-stack.json')
  const { Resources, Outputs } = JSON.parse(text)
  return { Resources: new Map<string, { Type: string; Properties: object }>(Object.entries(Resources)), Outputs }
}

test('jobs become functions of the service, beside those that are none', async () => {
  const service = await folder(yml(JOBS, FUNCTIONS))
  const said = await service.serverless(['package'])
  expect(said).toMatch(/Warning: Number of partitions of topic clicks unknown/)

  const { Resources, Outputs } = await templateOf(service)
  expect(Resources.get('WordsLambdaFunction')?.Properties).toMatchObject({
    FunctionName: 'shop-test-words',
    Handler: 'index.handler',
    Runtime: 'nodejs24.x',
    Timeout: 60,
    MemorySize: 1024,
    Environment: {
      Variables: {
        BUCKET: 'words-results',
        MILLRACE_TABLE: { Ref: 'MillraceTable' },
        MILLRACE_CODE: expect.stringMatching(/^[0-9a-f]{16}$/),
        MILLRACE_PARTITIONS: 'words=4',
        NODE_OPTIONS: '--enable-source-maps',
      },
    },
  })
  expect(Resources.get('ClicksLambdaFunction')?.Properties).toMatchObject({
    Timeout: 30,
    MemorySize: 512,
    Environment: { Variables: { NODE_OPTIONS: '--max-http-header-size=32768 --enable-source-maps' } },
  })
  expect(Resources.get('OtherLambdaFunction')?.Properties).toMatchObject({ Handler: 'other.handler' })

  const types = [...Resources.values()].map(({ Type }) => Type)
  expect(types.filter((type) => type === 'AWS::Lambda::EventSourceMapping')).toHaveLength(4)
  expect(types.filter((type) => type === 'AWS::DynamoDB::Table')).toHaveLength(1)
  expect(types.filter((type) => type === 'AWS::SQS::Queue')).toHaveLength(4)
  expect(types.filter((type) => type === 'AWS::CloudWatch::Alarm')).toHaveLength(17)
  const mapping = [...Resources].find(([id]) => id.startsWith('ClicksMillraceTopic'))?.[1]
  const role = [...Resources.keys()].find((id) => id.startsWith('ClicksMillraceRole')) ?? ''
  expect(mapping).toMatchObject({ DependsOn: expect.arrayContaining([role, 'MillraceTable']) })
  expect(Outputs).toMatchObject({ MillraceTable: { Value: { Ref: 'MillraceTable' } } })
  expect(Resources.get('ClicksLogGroup')?.Properties).toMatchObject({ RetentionInDays: 30 })
  // What one job may do, the others may not.
  expect(Resources.get('ClicksLambdaFunction')?.Properties).toMatchObject({ Role: { 'Fn::GetAtt': [role, 'Arn'] } })
  const clicks = JSON.stringify(Resources.get(role))
  expect(clicks).toContain('logs:PutLogEvents')
  expect(clicks).toContain('L#clicks#*')
  expect(clicks).not.toContain('L#words#*')
  expect(JSON.stringify(Resources.get('IamRoleLambdaExecution'))).not.toContain('L#')
})

test('what is wrong is said without a stack, and nothing is packaged', async () => {
  const service = await folder(yml(`${JOBS}    bucket: external\n`, FUNCTIONS))
  const said = await service.serverless(['package']).then(
    () => 'it worked',
    (error: unknown) => String(error),
  )
  expect(said).toContain("custom.millrace: unknown option 'bucket'. Did you mean 'buckets'?")
  expect(said).not.toMatch(/plugin-manager/)
  await expect(service.read('.serverless/cloudformation-template-update-stack.json')).rejects.toThrow(/ENOENT/)
})

test('the service of this repository is packaged with no account, no credentials and no network', async () => {
  const read = (name: string) => readFile(join(REPOSITORY, name), 'utf8')
  const [config, code] = await Promise.all([read('serverless.yml'), read('functions/flights-by-day.ts')])
  const service = await folder(config, { 'functions/flights-by-day.ts': code })
  // A proxy that nobody listens at: whatever asks anybody fails, and says so.
  const nowhere = {
    HTTPS_PROXY: 'http://127.0.0.1:1',
    HTTP_PROXY: 'http://127.0.0.1:1',
    AWS_EC2_METADATA_DISABLED: 'true',
  }
  const said = await service.serverless(['package'], {
    ...nowhere,
    KAFKA_BROKERS: '127.0.0.1:1',
    AWS_ACCESS_KEY_ID: '',
    AWS_SECRET_ACCESS_KEY: '',
  })
  expect(said).toContain('Service packaged')
  const { Resources } = await templateOf(service)
  const names = [...Resources.values()].flatMap(({ Type, Properties }) =>
    Type === 'AWS::S3::Bucket' ? [JSON.stringify(Reflect.get(Properties, 'BucketName') ?? '')] : [],
  )
  expect(names).toContain('{"Fn::Join":["",["millrace-demo-dev-results-",{"Ref":"AWS::AccountId"}]]}')
  expect(JSON.stringify([...Resources])).not.toContain(ACCOUNT)
})

test('the service of docs/deploy.md is packaged as printed', async () => {
  const page = await readFile(join(REPOSITORY, 'docs/deploy.md'), 'utf8')
  const [, printed = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? []
  const config = printed.replace('- millrace/serverless', '- ./src/serverless/index.ts')
  expect(config).not.toBe(printed)
  const service = await folder(config, {
    'functions/words.ts': job('words', 'words').replace('process.env.BUCKET', 'process.env.RESULTS_BUCKET'),
  })
  const said = await service.serverless(['package'], { KAFKA_BROKERS: '127.0.0.1:1' })
  expect(said).toContain('Service packaged')
  const { Resources } = await templateOf(service)
  const id = [...Resources.keys()].find((name) => name.startsWith('WordsMillraceTopicWords')) ?? ''
  expect(Resources.get(id)?.Properties).toMatchObject({
    SourceAccessConfigurations: [{ Type: 'VPC_SUBNET' }, { Type: 'VPC_SECURITY_GROUP' }],
  })
})
