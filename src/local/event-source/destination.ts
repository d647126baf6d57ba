// Where records go that are given up: what the mapping names, taken apart.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html, kafka-on-failure-destination.html

import { InvalidOptionError } from '../../errors/errors.ts'

export type Destination =
  | { readonly kind: 'sqs'; readonly region: string; readonly account: string; readonly queue: string }
  | { readonly kind: 'sns'; readonly region: string; readonly arn: string }
  | { readonly kind: 's3'; readonly bucket: string }
  /** In the cluster that the mapping reads. */
  | { readonly kind: 'kafka'; readonly topic: string }

/** @param at the mapping, for the message. @throws InvalidOptionError */
export function destinationOf(at: string, name: string): Destination {
  const [, topic] = /^kafka:\/\/([a-zA-Z0-9._-]{1,249})$/.exec(name) ?? []
  if (topic !== undefined) return { kind: 'kafka', topic }
  const [, service, region = '', account = '', resource] =
    /^arn:aws[a-z-]*:(sqs|sns|s3):([a-z0-9-]*):(\d*):([^:/]+)$/.exec(name) ?? []
  if (service === 's3' && resource !== undefined) return { kind: 's3', bucket: resource }
  if (resource !== undefined && region !== '' && account !== '') {
    if (service === 'sqs') return { kind: 'sqs', region, account, queue: resource }
    if (service === 'sns') return { kind: 'sns', region, arn: name }
  }
  throw new InvalidOptionError(
    `${at}: the on-failure destination ${name} is none of arn:aws:sqs:<region>:<account>:<queue>, arn:aws:sns:<region>:<account>:<topic>, arn:aws:s3:::<bucket>, kafka://<topic>.`,
  )
}
