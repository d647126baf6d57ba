// The templates that the plugin makes are what AWS's own schemas of resources ask for. Needs Python, nothing else.

import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { installCfnLint, whyNoCfnLint } from '../../../infra/cfn-lint.ts'
import { lookAround } from '../../../infra/machine.ts'
import { run } from '../../../infra/run.ts'
import { ServiceFolder } from '../../serverless/service-folder.ts'

const missing = whyNoCfnLint(await lookAround())
if (missing !== undefined) {
  if (process.env.MILLRACE_REQUIRE_SERVICES === '1') throw new Error(missing)
  console.warn(`${missing}. The plugin's templates are not checked.`)
}

const SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:AmazonMSK_events'
const MSK = 'arn:aws:kafka:eu-central-1:123456789012:cluster/events/0f0f0f0f-1111-2222-3333-444455556666-1'

const code = (name: string, ...topics: string[]) => `import { job, text } from 'millrace'
import { lambda } from 'millrace/lambda'
export const handler = lambda(job('${name}', { batch: '5s' }, ({ kafka }) => {
  kafka(${JSON.stringify(topics)}, { value: text(), holes: 'filtered', gaps: 'skip' })
    .map(({ value }) => value)
    .saveAsTextFiles(\`s3://\${process.env.RESULTS}/${name}\`)
}))
`

const service = (millrace: string) => `service: shop
provider:
  name: aws
  runtime: nodejs24.x
  region: eu-central-1
  environment: { RESULTS: !Sub 'shop-results-\${AWS::AccountId}' }
plugins: [./src/serverless/index.ts]
custom:
  millrace:
${millrace.replace(/^/gm, '    ')}
`

const SERVICES = {
  'brokers of one’s own, in a VPC': `kafka:
  bootstrapServers: 'b-1.example.com:9092'
  partitions: { lines: 2, clicks: 2 }
  accessConfigurations: { vpcSubnet: subnet-0123456789abcdef0, vpcSecurityGroup: sg-0123456789abcdef0 }
jobs: { words: { handler: words.handler }, clicks: { handler: clicks.handler, enabled: false } }
onRemove: delete`,
  'MSK by SCRAM, and everything that can be said': `kafka:
  mskArn: ${MSK}
  partitions: { lines: 2 }
  accessConfigurations: { saslScram512Auth: ${SECRET} }
jobs:
  words:
    handler: words.handler
    batchSize: 10000
    maximumBatchingWindow: 300
    startingPosition: AT_TIMESTAMP
    startingPositionTimestamp: 1700000000
    provisionedPollerConfig: { minimumPollers: 1, maximumPollers: 2000, pollerGroupName: shop }
    reportBatchItemFailures: true
    onFailureDestination: arn:aws:s3:::shop-failed
    maximumRetryAttempts: 10000
    maximumRecordAgeInSeconds: 604800
    bisectBatchOnFunctionError: true
    filterPatterns: [{ value: { kind: [order] } }]
    metricsConfig: { metrics: [EventCount, ErrorCount, KafkaMetrics] }
    loggingConfig: { systemLogLevel: DEBUG }
alarms: { actions: ['arn:aws:sns:eu-central-1:123456789012:calls'], lag: 10 }`,
  'a cluster of another stack, with nothing of its own': `kafka:
  mskArn: !ImportValue events-cluster
  partitions: { lines: 2 }
jobs: { words: { handler: words.handler } }
state: external
buckets: external
roles: service`,
}

describe.skipIf(missing !== undefined)('cfn-lint', () => {
  let folder: ServiceFolder | undefined
  afterEach(() => folder?.remove())

  test.each(Object.entries(SERVICES))('has nothing to say against %s', async (_, millrace) => {
    const program = await installCfnLint()
    folder = await ServiceFolder.make({
      'serverless.yml': service(millrace),
      'words.ts': code('words', 'lines'),
      'clicks.ts': code('clicks', 'lines', 'clicks'),
    })
    await folder.serverless(['package'])
    const template = join(folder.path, '.serverless/cloudformation-template-update-stack.json')
    const said = await run(program, ['--regions', 'eu-central-1', '--template', template]).catch(String)
    expect(said).toBe('')
  })
})
