import { expect, test } from 'vitest'
import { statementsOf } from '../../src/serverless/permissions.ts'
import { deployment, describedJob } from './sample.ts'

const sub = (text: string, Name: unknown) => ({ 'Fn::Sub': [text, { Name }] })
const allow = (Action: string[], Resource: unknown) => ({ Effect: 'Allow', Action, Resource })

test('a job may do what Millrace calls, on its own things', () => {
  const job = describedJob('hot words', {
    outputs: [
      { kind: 'objects', bucket: 'results', prefix: 'words' },
      { kind: 'objects', bucket: 'results', prefix: 'rare/words' },
    ],
    quarantine: { kind: 'objects', bucket: 'poison', prefix: 'words' },
  })
  expect(statementsOf(deployment({ jobs: { words: job } }))).toEqual([
    {
      ...allow(
        ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:Query', 'dynamodb:GetItem', 'dynamodb:DeleteItem'],
        sub(`arn:\${AWS::Partition}:dynamodb:\${AWS::Region}:\${AWS::AccountId}:table/\${Name}`, {
          Ref: 'MillraceTable',
        }),
      ),
      Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['L#hot words#*', 'J#hot words'] } },
    },
    allow(
      ['s3:PutObject', 's3:GetObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
      sub(`arn:\${AWS::Partition}:s3:::\${Name}/_millrace/*`, { Ref: 'MillraceBucket' }),
    ),
    allow(['s3:ListBucket'], sub(`arn:\${AWS::Partition}:s3:::\${Name}`, { Ref: 'MillraceBucket' })),
    allow(
      ['s3:PutObject', 's3:GetObject', 's3:AbortMultipartUpload'],
      ['results/words-*', 'results/rare/words-*', 'poison/words/*'].map((place) =>
        sub(`arn:\${AWS::Partition}:s3:::\${Name}`, place),
      ),
    ),
    allow(
      ['s3:ListBucket'],
      ['results', 'poison'].map((bucket) => sub(`arn:\${AWS::Partition}:s3:::\${Name}`, bucket)),
    ),
    allow(
      [
        'sqs:SendMessage',
        'sqs:ReceiveMessage',
        'sqs:DeleteMessage',
        'sqs:ChangeMessageVisibility',
        'sqs:GetQueueAttributes',
      ],
      [{ 'Fn::GetAtt': [expect.stringMatching(/^WordsMillraceWakeQueue/), 'Arn'] }],
    ),
  ])
})

test('names that mean something to IAM are taken literally', () => {
  const job = describedJob('50% *off*', {
    outputs: [{ kind: 'objects', bucket: 'results', prefix: `what?/\${aws:x}` }],
  })
  const text = JSON.stringify(statementsOf(deployment({ jobs: { words: job } })))
  expect(text).toContain(`"L#50%25 \${*}off\${*}#*","J#50%25 \${*}off\${*}"`)
  expect(text).toContain(`results/what\${?}/\${$}{aws:x}-*`)
})

test('a job that only prints needs no bucket of its own', () => {
  const jobs = { words: describedJob('words', { outputs: [] }) }
  expect(JSON.stringify(statementsOf(deployment({ jobs })))).not.toContain('results')
})

const secret = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:kafka'
const cluster = 'arn:aws:kafka:eu-central-1:123456789012:cluster/events/uuid-1'
const actionsWith = (kafka: Record<string, unknown>) =>
  statementsOf(deployment({ millrace: { kafka } }))
    .flatMap(({ Action, Resource }) => Action.map((action) => [action, Resource]))
    .filter(([action]) => /^(secretsmanager|kms|ec2|kafka|kafka-cluster):/.test(String(action)))

test('Lambda may read the secret, and join the VPC', () => {
  const bootstrapServers = ['b-1:9092']
  expect(actionsWith({ bootstrapServers, accessConfigurations: { saslScram256Auth: secret } })).toEqual([
    ['secretsmanager:GetSecretValue', [secret]],
    ['kms:Decrypt', '*'],
  ])
  const inVpc = { vpcSubnet: 'subnet-1', vpcSecurityGroup: 'sg-1' }
  const actions = actionsWith({ bootstrapServers, accessConfigurations: inVpc })
  expect(actions).toContainEqual(['ec2:CreateNetworkInterface', '*'])
  expect(actions.every(([action]) => String(action).startsWith('ec2:'))).toBe(true)
})

test('MSK by role: the cluster, and of it the topics and groups of the jobs', () => {
  const actions = actionsWith({ mskArn: cluster })
  expect(actions).toContainEqual(['kafka:GetBootstrapBrokers', cluster])
  expect(actions).toContainEqual(['kafka-cluster:Connect', cluster])
  expect(actions).toContainEqual(['kafka-cluster:ReadData', [`${cluster.replace(':cluster/', ':topic/')}/lines`]])
  expect(actions).toContainEqual([
    'kafka-cluster:AlterGroup',
    [expect.stringMatching(/:group\/events\/uuid-1\/shop-dev\.hot-words\.lines-[0-9a-f]{8}$/)],
  ])
})

test('MSK by secret: no permissions of the cluster', () => {
  const actions = actionsWith({ mskArn: cluster, accessConfigurations: { saslScram512Auth: secret } })
  expect(actions.map(([action]) => action)).toContain('kafka:DescribeClusterV2')
  expect(JSON.stringify(actions)).not.toContain('kafka-cluster:')
})

// https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html
test('MSK by SCRAM: the secrets of the cluster, and the key that this one is encrypted with', () => {
  const kafka = { mskArn: cluster, accessConfigurations: { saslScram512Auth: secret } }
  const actions = actionsWith(kafka)
  expect(actions).toContainEqual(['kafka:ListScramSecrets', cluster])
  expect(actions).toContainEqual(['secretsmanager:GetSecretValue', [secret]])
  const decrypt = statementsOf(deployment({ millrace: { kafka } })).find(({ Action }) => Action.includes('kms:Decrypt'))
  expect(decrypt?.Condition).toEqual({
    StringEquals: { 'kms:ViaService': { 'Fn::Sub': `secretsmanager.\${AWS::Region}.\${AWS::URLSuffix}` } },
    StringLike: { 'kms:EncryptionContext:SecretARN': [`${secret}*`] },
  })
  const mtls = actionsWith({ mskArn: cluster, accessConfigurations: { clientCertificateTlsAuth: secret } })
  expect(mtls.map(([action]) => action)).toContain('kms:Decrypt')
  expect(mtls.map(([action]) => action)).not.toContain('kafka:ListScramSecrets')
})
