// How Lambda's pollers get into a Kafka cluster, as serverless.yml says it.
// https://docs.aws.amazon.com/lambda/latest/dg/with-kafka-configure.html

import { InvalidOptionError } from '../errors/errors.ts'
import { checkKnownOptions } from '../options/options.ts'
import type { AccessConfiguration } from '../sources/kafka/permissions.ts'
import { options, textList } from './checks.ts'

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
