// How Lambda's pollers get into a Kafka cluster, and which permissions they need for that from the function's role.
// https://docs.aws.amazon.com/lambda/latest/dg/with-kafka-configure.html and with-msk-permissions.html

import { InvalidOptionError } from '../errors/errors.ts'
import { checkKnownOptions } from '../options/options.ts'
import { options, textList } from './checks.ts'
import type { IamStatement } from './framework.ts'

/** One entry of a mapping's `SourceAccessConfigurations`. */
export interface AccessConfiguration {
  readonly Type: string
  readonly URI: string
}

/** The framework's names, CloudFormation's, and what CloudFormation wants before the value. */
const KINDS: Readonly<Record<string, { readonly type: string; readonly prefix: string; readonly msk: boolean }>> = {
  vpcSubnet: { type: 'VPC_SUBNET', prefix: 'subnet:', msk: false },
  vpcSecurityGroup: { type: 'VPC_SECURITY_GROUP', prefix: 'security_group:', msk: false },
  saslPlainAuth: { type: 'BASIC_AUTH', prefix: '', msk: false },
  saslScram256Auth: { type: 'SASL_SCRAM_256_AUTH', prefix: '', msk: false },
  saslScram512Auth: { type: 'SASL_SCRAM_512_AUTH', prefix: '', msk: true },
  clientCertificateTlsAuth: { type: 'CLIENT_CERTIFICATE_TLS_AUTH', prefix: '', msk: true },
  serverRootCaCertificate: { type: 'SERVER_ROOT_CA_CERTIFICATE', prefix: '', msk: false },
}

/** @throws InvalidOptionError for an unknown kind, half of a VPC, or one that MSK does not have. */
export function checkAccess(where: string, value: unknown, msk: boolean): AccessConfiguration[] {
  checkKnownOptions(
    where,
    value,
    Object.keys(KINDS).filter((name) => !msk || KINDS[name]?.msk),
  )
  const given = options(where, value)
  if ((given.vpcSubnet === undefined) !== (given.vpcSecurityGroup === undefined)) {
    throw new InvalidOptionError(`${where}: vpcSubnet and vpcSecurityGroup go together.`)
  }
  return Object.entries(KINDS).flatMap(([name, { type, prefix }]) =>
    textList(`${where}.${name}`, given[name]).map((uri) => ({
      Type: type,
      URI: uri.startsWith(prefix) ? uri : `${prefix}${uri}`,
    })),
  )
}

/** Whether the brokers want to know who it is, so that nobody without the secret can ask them. */
export function needsCredentials(access: readonly AccessConfiguration[]): boolean {
  return access.some(isSecret)
}

/** What the function's role must allow for Lambda to poll on its behalf. */
export function accessStatements(
  access: readonly AccessConfiguration[],
  mskArn: string | undefined,
  topics: readonly string[],
  groups: readonly string[],
): IamStatement[] {
  const secrets = [...new Set(access.filter(isSecret).map(({ URI }) => URI))]
  const inVpc = mskArn !== undefined || access.some(({ Type }) => Type === 'VPC_SUBNET')
  return [
    ...(secrets.length > 0
      ? [{ Effect: 'Allow', Action: ['secretsmanager:GetSecretValue'], Resource: secrets } as const]
      : []),
    ...(inVpc ? [VPC_STATEMENT] : []),
    ...(mskArn === undefined ? [] : mskStatements(mskArn, topics, groups, secrets.length === 0)),
  ]
}

function isSecret({ Type }: AccessConfiguration): boolean {
  return !Type.startsWith('VPC_')
}

/** These actions know no resources that could be named beforehand. */
const VPC_STATEMENT: IamStatement = {
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
  cluster: string,
  topics: readonly string[],
  groups: readonly string[],
  byRole: boolean,
): IamStatement[] {
  // arn:aws:kafka:region:account:cluster/name/uuid, and beside it …:topic/name/uuid/topic and …:group/name/uuid/group.
  const within = (kind: string, name: string) => `${cluster.replace(':cluster/', `:${kind}/`)}/${name}`
  const described: IamStatement = {
    Effect: 'Allow',
    Action: ['kafka:DescribeCluster', 'kafka:DescribeClusterV2', 'kafka:GetBootstrapBrokers'],
    Resource: cluster,
  }
  if (!byRole) return [described]
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
      Resource: topics.map((topic) => within('topic', topic)),
    },
    {
      Effect: 'Allow',
      Action: ['kafka-cluster:AlterGroup', 'kafka-cluster:DescribeGroup'],
      Resource: groups.map((group) => within('group', group)),
    },
  ]
}
