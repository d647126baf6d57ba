// Where topics are: in a folder, or in Kafka where brokers are named. The same flags and variables in every command that sees topics.

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { NotFoundError } from '../errors/cli-errors.ts'
import { describeCause, InvalidOptionError } from '../errors/errors.ts'
import type { KafkaSourceOptions } from '../local/event-source/kafka-client.ts'
import { type KafkaSasl, type KafkaTls, loginOf } from '../local/event-source/kafka-login.ts'
import type { Cluster } from '../local/topics/cluster.ts'
import { folderCluster } from '../local/topics/folder-cluster.ts'
import { DEFAULT_FOLDER } from '../stores/folder.ts'
import { DATABASE } from '../stores/folder-database.ts'
import { type TokenFlags, tokensOf } from './oauth-token.ts'

/** How to log in at Kafka. */
export interface LoginFlags extends TokenFlags {
  readonly tls?: boolean
  readonly tlsCa?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly sasl?: string
  readonly user?: string
  readonly passwordFile?: string
}

export interface BrokerFlags extends LoginFlags {
  readonly brokers?: string
  readonly dir?: string
}

type Variables = Readonly<Record<string, string | undefined>>

const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'] as const

/** Where topics are, and how to log in there. */
export function brokerOptions(command: Command): Command {
  return kafkaFlags(command).option(
    '--dir <folder>',
    `the folder that keeps topics and state (MILLRACE_DIR; default: ${DEFAULT_FOLDER})`,
  )
}

/** Those of commands that have `--dir` from elsewhere. */
export function kafkaFlags(command: Command): Command {
  return loginOptions(
    command.option(
      '--brokers <list>',
      'Kafka, as host:port,host:port (KAFKA_BROKERS); otherwise the topics of a folder',
    ),
  )
}

/** The same without the folder, for commands that have one already. */
export function kafkaOptionsOn(command: Command): Command {
  return loginOptions(
    command.option(
      '--brokers <list>',
      'Kafka, as host:port,host:port (KAFKA_BROKERS); otherwise the topics of a folder',
    ),
  )
}

/** Of every command that takes brokers. A password is never a flag, nor is a token: everybody on the machine sees those of a process. */
export function loginOptions(command: Command): Command {
  return command
    .option('--tls', 'Kafka by TLS (KAFKA_TLS=1)')
    .option('--tls-ca <file>', 'certificates to trust, PEM (KAFKA_TLS_CA); implies --tls')
    .option('--tls-cert <file>', "this client's certificate, PEM (KAFKA_TLS_CERT); with --tls-key")
    .option('--tls-key <file>', 'the key of the certificate, PEM (KAFKA_TLS_KEY)')
    .addOption(new Option('--sasl <mechanism>', 'how to log in (KAFKA_SASL_MECHANISM)').choices(MECHANISMS))
    .option('--user <name>', 'who logs in (KAFKA_USERNAME); the password is in KAFKA_PASSWORD or in --password-file')
    .option('--password-file <file>', 'a file with the password')
    .option('--token-command <command>', 'what prints the token of oauthbearer (KAFKA_TOKEN_COMMAND)')
    .option('--token-file <file>', 'a file with it, read at each connection (KAFKA_TOKEN_FILE); or KAFKA_TOKEN itself')
    .option(
      '--token-endpoint <url>',
      'where client --user gets it with its secret, the password (KAFKA_TOKEN_ENDPOINT)',
    )
    .option('--token-scope <scope>', 'what to ask the endpoint for (KAFKA_TOKEN_SCOPE)')
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

/** The same for commands whose --dir is where state is: it does not keep them from --brokers. */
export function openClusterBeside({ dir, ...flags }: BrokerFlags): Promise<Cluster> {
  return openCluster(flags.brokers === undefined && dir !== undefined ? { ...flags, dir } : flags)
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
  return { brokers, clientId: 'millrace-cli', ...(await login(flags, variables)) }
}

/** How to log in, by flags and variables; nothing where nobody does. */
export async function login(
  flags: LoginFlags,
  variables: Variables = process.env,
): Promise<Pick<KafkaSourceOptions, 'ssl' | 'sasl'>> {
  return loginOf(await tlsOf(flags, variables), await saslOf(flags, variables))
}

async function tlsOf(flags: LoginFlags, variables: Variables): Promise<boolean | KafkaTls | undefined> {
  const ca = flags.tlsCa ?? variables.KAFKA_TLS_CA
  const cert = flags.tlsCert ?? variables.KAFKA_TLS_CERT
  const key = flags.tlsKey ?? variables.KAFKA_TLS_KEY
  if ((cert === undefined) !== (key === undefined))
    throw new InvalidOptionError('--tls-cert and --tls-key belong together: one of them is missing.')
  if (!flags.tls && !isOn(variables.KAFKA_TLS) && ca === undefined && cert === undefined) return undefined
  return {
    ...(ca !== undefined && { ca: await contents('--tls-ca', ca) }),
    ...(cert !== undefined && { cert: await contents('--tls-cert', cert) }),
    ...(key !== undefined && { key: await contents('--tls-key', key) }),
  }
}

async function saslOf(flags: LoginFlags, variables: Variables): Promise<KafkaSasl | undefined> {
  const username = flags.user ?? variables.KAFKA_USERNAME
  const mechanism = flags.sasl ?? variables.KAFKA_SASL_MECHANISM?.toLowerCase()
  if (username === undefined && mechanism === undefined) return undefined
  const who = (): string => {
    if (username !== undefined) return username
    throw new InvalidOptionError('--sasl: who logs in? Pass --user, or set KAFKA_USERNAME.')
  }
  switch (mechanism) {
    case undefined:
      throw new InvalidOptionError(`--user ${username}: how to log in? Pass --sasl ${MECHANISMS.join(', ')}.`)
    case 'plain':
    case 'scram-sha-256':
    case 'scram-sha-512':
      return { mechanism, username: who(), password: await passwordOf(who(), flags, variables) }
    case 'oauthbearer': {
      const client = async () => ({ id: who(), secret: await passwordOf(who(), flags, variables) })
      return { mechanism, token: await tokensOf(flags, variables, client) }
    }
    default:
      throw new InvalidOptionError(`KAFKA_SASL_MECHANISM: '${mechanism}' is none of ${MECHANISMS.join(', ')}.`)
  }
}

async function passwordOf(username: string, { passwordFile }: LoginFlags, variables: Variables): Promise<string> {
  const password =
    passwordFile === undefined
      ? variables.KAFKA_PASSWORD
      : (await contents('--password-file', passwordFile)).replace(/\r?\n$/, '')
  if (password === undefined)
    throw new InvalidOptionError(`--user ${username}: set KAFKA_PASSWORD, or name a file with --password-file.`)
  return password
}

async function contents(option: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new InvalidOptionError(`${option} ${file}: it cannot be read (${describeCause(cause)}).`, { cause })
  }
}

const isOn = (value: string | undefined): boolean => value !== undefined && /^(1|true|yes|on)$/i.test(value)
