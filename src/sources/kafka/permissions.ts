// Which permissions Lambda's pollers need from the function's role to get into a Kafka cluster.
// https://docs.aws.amazon.com/lambda/latest/dg/with-kafka-configure.html and with-msk-permissions.html

import type { Permission, Plain } from '../deployed.ts'

/** One entry of a mapping's `SourceAccessConfigurations`. */
export interface AccessConfiguration {
  readonly Type: string
  readonly URI: Plain
}

/** Where a mapping sends batches that Lambda gives up. */
export interface FailureDestination {
  readonly kind: 'sqs' | 'sns' | 's3' | 'kafka'
  /** An ARN, or `kafka://topic`. */
  readonly at: Plain
}

/** Whether the brokers want to know who it is, so that nobody without the secret can ask them. */
export function needsCredentials(access: readonly AccessConfiguration[]): boolean {
  return access.some(isSecret)
}

/** What the function's role must allow for Lambda to poll on its behalf. */
export function permissionsOf(
  access: readonly AccessConfiguration[],
  mskArn: Plain | undefined,
  topics: readonly string[],
  groups: readonly string[],
): Permission[] {
  const secrets = [...new Set(access.filter(isSecret).map(({ URI }) => URI))]
  const inVpc = mskArn !== undefined || access.some(({ Type }) => Type === 'VPC_SUBNET')
  return [
    ...(secrets.length > 0 ? secretStatements(secrets) : []),
    ...(inVpc ? [VPC_STATEMENT] : []),
    ...(mskArn === undefined ? [] : mskStatements(mskArn, topics, groups, access)),
  ]
}

/**
 * To read a secret, and what it is encrypted with: MSK takes no secret for SCRAM under Secrets Manager's own key, and which key it is only the
 * secret knows. So any key, but only through Secrets Manager, and only for what is in these secrets.
 * https://docs.aws.amazon.com/msk/latest/developerguide/msk-password-tutorial.html and
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
 */
function secretStatements(secrets: readonly Plain[]): Permission[] {
  return [
    { Effect: 'Allow', Action: ['secretsmanager:GetSecretValue'], Resource: secrets },
    {
      Effect: 'Allow',
      Action: ['kms:Decrypt'],
      Resource: '*',
      Condition: {
        StringEquals: { 'kms:ViaService': { 'Fn::Sub': `secretsmanager.\${AWS::Region}.\${AWS::URLSuffix}` } },
        StringLike: { 'kms:EncryptionContext:SecretARN': secrets.map(withSuffix) },
      },
    },
  ]
}

/** An ARN may leave out the six characters that Secrets Manager appends. */
function withSuffix(secret: Plain): Plain {
  return typeof secret === 'string' ? `${secret}*` : { 'Fn::Join': ['', [secret, '*']] }
}

/** Where batches go that Lambda gives up. https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html */
export function destinationPermissions(
  destinations: readonly FailureDestination[],
  mskArn: Plain | undefined,
): Permission[] {
  const unique = new Map(destinations.map((destination) => [JSON.stringify(destination), destination]))
  return [...unique.values()].flatMap((destination) => destinationPermission(destination, mskArn))
}

function destinationPermission({ kind, at }: FailureDestination, mskArn: Plain | undefined): Permission[] {
  const allow = (Action: string, Resource: Plain): Permission => ({ Effect: 'Allow', Action: [Action], Resource })
  switch (kind) {
    case 'sqs':
      return [allow('sqs:SendMessage', at)]
    case 'sns':
      return [allow('sns:Publish', at)]
    case 's3':
      return [allow('s3:PutObject', { 'Fn::Join': ['', [at, '/*']] }), allow('s3:ListBucket', at)]
    case 'kafka':
      // A cluster of one's own asks for the secret only.
      if (mskArn === undefined) return []
      return [allow('kafka-cluster:WriteData', within(mskArn, 'topic', String(at).replace('kafka://', '')))]
  }
}

/** arn:aws:kafka:region:account:cluster/name/uuid, and beside it …:topic/name/uuid/topic and …:group/name/uuid/group. */
function within(cluster: Plain, kind: string, name: string): Plain {
  if (typeof cluster === 'string') return `${cluster.replace(':cluster/', `:${kind}/`)}/${name}`
  const [before, after] = [0, 1].map((at) => ({ 'Fn::Select': [at, { 'Fn::Split': [':cluster/', cluster] }] }))
  return { 'Fn::Join': ['', [before ?? '', `:${kind}/`, after ?? '', `/${name}`]] }
}

function isSecret({ Type }: AccessConfiguration): boolean {
  return !Type.startsWith('VPC_')
}

/** These actions know no resources that could be named beforehand. */
const VPC_STATEMENT: Permission = {
  Effect: 'Allow',
  Action: [
    'ec2:CreateNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeVpcs',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeSubnets',
    'ec2:DescribeSecurityGroups',
  ],
  Resource: '*',
}

/** Without a secret Lambda authenticates to MSK by the role itself, and then the cluster asks for permissions of its own. */
function mskStatements(
  cluster: Plain,
  topics: readonly string[],
  groups: readonly string[],
  access: readonly AccessConfiguration[],
): Permission[] {
  const described: Permission = {
    Effect: 'Allow',
    Action: ['kafka:DescribeCluster', 'kafka:DescribeClusterV2', 'kafka:GetBootstrapBrokers'],
    Resource: cluster,
  }
  if (access.some(({ Type }) => Type.startsWith('SASL_SCRAM'))) {
    return [described, { Effect: 'Allow', Action: ['kafka:ListScramSecrets'], Resource: cluster }]
  }
  if (needsCredentials(access)) return [described]
  return [
    described,
    {
      Effect: 'Allow',
      Action: ['kafka-cluster:Connect', 'kafka-cluster:DescribeClusterDynamicConfiguration'],
      Resource: cluster,
    },
    {
      Effect: 'Allow',
      Action: ['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'],
      Resource: topics.map((topic) => within(cluster, 'topic', topic)),
    },
    {
      Effect: 'Allow',
      Action: ['kafka-cluster:AlterGroup', 'kafka-cluster:DescribeGroup'],
      Resource: groups.map((group) => within(cluster, 'group', group)),
    },
  ]
}
