// How Lambda's pollers get into a Kafka cluster, as serverless.yml says it.
// https://docs.aws.amazon.com/lambda/latest/dg/with-kafka-configure.html

import { InvalidOptionError } from '../errors/errors.ts'
import { checkKnownOptions } from '../options/options.ts'
import type { Plain } from '../sources/deployed.ts'
import type { AccessConfiguration } from '../sources/kafka/permissions.ts'
import { type Form, options, referenceList } from './checks.ts'

/** The framework's names, CloudFormation's, and what CloudFormation wants before the value. */
const KINDS: Readonly<Record<string, Kind>> = {
  vpcSubnet: {
    ...{ type: 'VPC_SUBNET', prefix: 'subnet:', msk: false },
    form: { pattern: /^(subnet:)?subnet-[0-9a-z]+$/, example: 'subnet-0123456789abcdef0' },
  },
  vpcSecurityGroup: {
    ...{ type: 'VPC_SECURITY_GROUP', prefix: 'security_group:', msk: false },
    form: { pattern: /^(security_group:)?sg-[0-9a-z]+$/, example: 'sg-0123456789abcdef0' },
  },
  saslPlainAuth: secret('BASIC_AUTH', false),
  saslScram256Auth: secret('SASL_SCRAM_256_AUTH', false),
  saslScram512Auth: secret('SASL_SCRAM_512_AUTH', true),
  clientCertificateTlsAuth: secret('CLIENT_CERTIFICATE_TLS_AUTH', true),
  serverRootCaCertificate: secret('SERVER_ROOT_CA_CERTIFICATE', false),
}

interface Kind {
  readonly type: string
  readonly prefix: string
  readonly msk: boolean
  readonly form: Form
}

function secret(type: string, msk: boolean): Kind {
  const pattern = /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:.+$/
  return {
    type,
    prefix: '',
    msk,
    form: { pattern, example: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:name' },
  }
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
  return Object.entries(KINDS).flatMap(([name, { type, prefix, form }]) =>
    referenceList(`${where}.${name}`, given[name], form).map((uri) => ({ Type: type, URI: prefixed(prefix, uri) })),
  )
}

function prefixed(prefix: string, uri: Plain): Plain {
  if (typeof uri === 'string') return uri.startsWith(prefix) ? uri : `${prefix}${uri}`
  return prefix === '' ? uri : { 'Fn::Join': ['', [prefix, uri]] }
}
