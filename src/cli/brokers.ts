// Where topics are: in a folder, or in Kafka where brokers are named. The same flags and variables in every command that sees topics.

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { NotFoundError } from '../errors/cli-errors.ts'
import { describeCause, InvalidOptionError } from '../errors/errors.ts'
import type { KafkaSourceOptions } from '../local/event-source/kafka-source.ts'
import type { Cluster } from '../local/topics/cluster.ts'
import { folderCluster } from '../local/topics/folder-cluster.ts'
import { DEFAULT_FOLDER } from '../stores/folder.ts'
import { DATABASE } from '../stores/folder-database.ts'

export interface BrokerFlags {
  readonly brokers?: string
  readonly dir?: string
  readonly tls?: boolean
  readonly tlsCa?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly sasl?: string
  readonly user?: string
  readonly passwordFile?: string
}

type Variables = Readonly<Record<string, string | undefined>>

const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const

/** The flags. A password is never one: everybody on the machine sees those of a process. */
export function brokerOptions(command: Command): Command {
  return command
    .option('--brokers <list>', 'Kafka, as host:port,host:port (KAFKA_BROKERS); otherwise the topics of a folder')
    .option('--dir <folder>', `the folder that keeps topics and state (MILLRACE_DIR; default: ${DEFAULT_FOLDER})`)
    .option('--tls', 'Kafka by TLS (KAFKA_TLS=1)')
    .option('--tls-ca <file>', 'certificates to trust, PEM (KAFKA_TLS_CA); implies --tls')
    .option('--tls-cert <file>', "this client's certificate, PEM (KAFKA_TLS_CERT); with --tls-key")
    .option('--tls-key <file>', 'the key of the certificate, PEM (KAFKA_TLS_KEY)')
    .addOption(new Option('--sasl <mechanism>', 'how to log in (KAFKA_SASL_MECHANISM)').choices(MECHANISMS))
    .option('--user <name>', 'who logs in (KAFKA_USERNAME); the password is in KAFKA_PASSWORD or in --password-file')
    .option('--password-file <file>', 'a file with the password')
}

/**
 * Opens what the flags name, or else the variables; a flag counts more than a variable.
 *
 * @param make whether a folder that is not there is made
 * @throws InvalidOptionError, NotFoundError, BrokerUnreachableError
 */
export async function openCluster(
  flags: BrokerFlags,
  make = false,
  variables: Variables = process.env,
): Promise<Cluster> {
  const brokers = flags.brokers ?? (flags.dir === undefined ? variables.KAFKA_BROKERS : undefined)
  if (flags.brokers !== undefined && flags.dir !== undefined)
    throw new InvalidOptionError('--brokers and --dir: topics are in Kafka or in a folder; name one of them.')
  if (brokers) {
    const options = await kafkaOptions(brokers, flags, variables)
    // Loaded when it is asked for: kafkajs takes some 50 ms.
    const { kafkaCluster } = await import('../local/topics/kafka-cluster.ts')
    return kafkaCluster(options)
  }
  const folder = flags.dir ?? variables.MILLRACE_DIR ?? DEFAULT_FOLDER
  if (!make && !existsSync(join(folder, DATABASE)))
    throw new NotFoundError(
      `There are no topics in ${resolve(folder)}. Name another folder with --dir, Kafka with --brokers, or make a topic there: millrace topics create <name>.`,
    )
  return folderCluster(folder)
}

/** How to reach Kafka, by flags and variables. */
export async function kafkaOptions(
  list: string,
  flags: BrokerFlags,
  variables: Variables,
): Promise<KafkaSourceOptions> {
  const brokers = list.split(',').map((broker) => broker.trim())
  const wrong = brokers.find((broker) => !/^[^\s:]+:\d{1,5}$|^\[[\da-fA-F:]+\]:\d{1,5}$/.test(broker))
  if (wrong !== undefined) throw new InvalidOptionError(`--brokers: '${wrong}' is not of the form host:port.`)
  const ssl = await tlsOf(flags, variables)
  const sasl = await saslOf(flags, variables)
  return {
    brokers,
    clientId: 'millrace-cli',
    ...(ssl !== undefined && { ssl }),
    ...(sasl !== undefined && { sasl }),
  }
}

async function tlsOf(flags: BrokerFlags, variables: Variables): Promise<KafkaSourceOptions['ssl']> {
  const ca = flags.tlsCa ?? variables.KAFKA_TLS_CA
  const cert = flags.tlsCert ?? variables.KAFKA_TLS_CERT
  const key = flags.tlsKey ?? variables.KAFKA_TLS_KEY
  if ((cert === undefined) !== (key === undefined))
    throw new InvalidOptionError('--tls-cert and --tls-key belong together: one of them is missing.')
  if (!flags.tls && !isOn(variables.KAFKA_TLS) && ca === undefined && cert === undefined) return undefined
  return {
    ...(ca !== undefined && { ca: [await contents('--tls-ca', ca)] }),
    ...(cert !== undefined && { cert: await contents('--tls-cert', cert) }),
    ...(key !== undefined && { key: await contents('--tls-key', key) }),
  }
}

async function saslOf(flags: BrokerFlags, variables: Variables): Promise<KafkaSourceOptions['sasl']> {
  const username = flags.user ?? variables.KAFKA_USERNAME
  const mechanism = flags.sasl ?? variables.KAFKA_SASL_MECHANISM?.toLowerCase()
  if (username === undefined && mechanism === undefined) return undefined
  if (username === undefined) throw new InvalidOptionError('--sasl: who logs in? Pass --user, or set KAFKA_USERNAME.')
  const password =
    flags.passwordFile === undefined
      ? variables.KAFKA_PASSWORD
      : (await contents('--password-file', flags.passwordFile)).replace(/\r?\n$/, '')
  if (password === undefined)
    throw new InvalidOptionError(`--user ${username}: set KAFKA_PASSWORD, or name a file with --password-file.`)
  const account = { username, password }
  switch (mechanism) {
    case undefined:
      throw new InvalidOptionError(`--user ${username}: how to log in? Pass --sasl ${MECHANISMS.join(', ')}.`)
    case 'plain':
    case 'scram-sha-256':
    case 'scram-sha-512':
      return saslBy(mechanism, account)
    default:
      throw new InvalidOptionError(`KAFKA_SASL_MECHANISM: '${mechanism}' is none of ${MECHANISMS.join(', ')}.`)
  }
}

/** kafkajs' type tells the mechanisms apart, so each is named by itself. */
function saslBy(
  mechanism: (typeof MECHANISMS)[number],
  account: { username: string; password: string },
): KafkaSourceOptions['sasl'] {
  if (mechanism === 'plain') return { mechanism, ...account }
  return mechanism === 'scram-sha-256' ? { mechanism, ...account } : { mechanism, ...account }
}

async function contents(option: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new InvalidOptionError(`${option} ${file}: it cannot be read (${describeCause(cause)}).`, { cause })
  }
}

const isOn = (value: string | undefined): boolean => value !== undefined && /^(1|true|yes|on)$/i.test(value)
