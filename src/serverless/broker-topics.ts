// The topics of a cluster of one's own, asked of its brokers: without credentials, or, while deploying, with those that the mapping will use, read
// from Secrets Manager with the rights of whoever deploys.

import kafkajs, { type KafkaConfig } from 'kafkajs'
import { describeCause } from '../errors/errors.ts'
import { type AccessConfiguration, needsCredentials } from '../sources/kafka/permissions.ts'
import { askAws, type Caller, endpointOf } from './aws-request.ts'
import type { KafkaCluster } from './options.ts'

/** Counts by topic, or why it was not asked. @throws why nobody answers. */
export async function askBrokers(
  cluster: KafkaCluster,
  caller: Caller | undefined,
  patienceMs: number,
): Promise<ReadonlyMap<string, number> | string> {
  const wanted = needsCredentials(cluster.access)
  if (wanted && !caller) return 'the brokers want credentials, which are read when the service is deployed'
  const login = caller && wanted ? await loginOf(cluster.access, caller, patienceMs) : {}
  if (typeof login === 'string') return login
  const { Kafka, logLevel } = kafkajs
  const kafka = new Kafka({
    clientId: 'millrace-deploy',
    brokers: [...cluster.bootstrapServers],
    connectionTimeout: patienceMs,
    requestTimeout: patienceMs,
    retry: { retries: 0 },
    logLevel: logLevel.NOTHING,
    ...login,
  })
  const admin = kafka.admin()
  const restore = quietAboutTimers()
  try {
    await admin.connect()
    // Of all topics: asked for one that does not exist, a broker may create it.
    const { topics } = await admin.fetchTopicMetadata()
    return new Map(topics.map(({ name, partitions }) => [name, partitions.length]))
  } catch (error) {
    throw new Error(error instanceof Error ? error.message : describeCause(error))
  } finally {
    await admin.disconnect().catch(() => {})
    restore()
  }
}

type Login = Pick<KafkaConfig, 'ssl' | 'sasl'>

const SASL = new Map([
  ['BASIC_AUTH', 'plain'],
  ['SASL_SCRAM_256_AUTH', 'scram-sha-256'],
  ['SASL_SCRAM_512_AUTH', 'scram-sha-512'],
] as const)

/**
 * What Lambda's pollers log in with. Every way of it is over TLS. Forms of the secrets:
 * https://docs.aws.amazon.com/lambda/latest/dg/kafka-cluster-auth.html
 */
async function loginOf(
  access: readonly AccessConfiguration[],
  caller: Caller,
  patienceMs: number,
): Promise<Login | string> {
  const secrets = new Map<string, object>()
  for (const { Type, URI } of access) {
    if (!needsCredentials([{ Type, URI }])) continue
    if (typeof URI !== 'string') return 'which secret the brokers want, only CloudFormation knows'
    secrets.set(Type, await secretOf(URI, caller, patienceMs))
  }
  const text = (type: string, name: string): string | undefined => {
    const value: unknown = Reflect.get(secrets.get(type) ?? {}, name)
    return typeof value === 'string' ? value : undefined
  }
  const ca = text('SERVER_ROOT_CA_CERTIFICATE', 'certificate')
  const [cert, key, passphrase] = ['certificate', 'privateKey', 'privateKeyPassword'].map((name) =>
    text('CLIENT_CERTIFICATE_TLS_AUTH', name),
  )
  const tls = {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(passphrase !== undefined && { passphrase }),
  }
  const ssl = Object.keys(tls).length > 0 ? tls : true
  for (const [type, mechanism] of SASL) {
    if (!secrets.has(type)) continue
    const [username, password] = [text(type, 'username'), text(type, 'password')]
    if (username === undefined || password === undefined) return `the secret of ${type} has no username and password`
    return { ssl, sasl: saslOf(mechanism, username, password) }
  }
  return { ssl }
}

/** kafkajs' type tells the mechanisms apart, so each is named by itself. */
function saslOf(
  mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512',
  username: string,
  password: string,
): NonNullable<KafkaConfig['sasl']> {
  if (mechanism === 'plain') return { mechanism, username, password }
  return mechanism === 'scram-sha-256' ? { mechanism, username, password } : { mechanism, username, password }
}

async function secretOf(arn: string, caller: Caller, patienceMs: number): Promise<object> {
  const [, partition = 'aws', , region = caller.region] = arn.split(':')
  const answer = await askAws(
    {
      ...{ service: 'secretsmanager', method: 'POST', path: '/' },
      endpoint: endpointOf('secretsmanager', region, partition),
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'secretsmanager.GetSecretValue' },
      body: JSON.stringify({ SecretId: arn }),
    },
    { ...caller, region },
    patienceMs,
  ).catch((error: unknown) => {
    throw new Error(`secretsmanager:GetSecretValue of ${arn}: ${error instanceof Error ? error.message : error}`)
  })
  const { SecretString } = Object(answer)
  try {
    const secret: unknown = JSON.parse(SecretString)
    return Object(secret)
  } catch {
    throw new Error(`the secret ${arn} is no JSON`) // and not what is wrong with it: that would show it
  }
}

/** kafkajs sets timers in the past, which Node.js 24 prints a warning about, in the middle of what somebody reads. */
export function quietAboutTimers(): () => void {
  const { emitWarning } = process
  const filtered = (...warning: unknown[]): void => {
    if (warning[1] !== 'TimeoutNegativeWarning') Reflect.apply(emitWarning, process, warning)
  }
  process.emitWarning = filtered
  return () => {
    process.emitWarning = emitWarning
  }
}
