// Names that the plugin gives: of resources in the template, of table and bucket, of consumer groups. All of them are
// derived, so that deploying again finds the same ones; a hash stands in where a name does not fit.

import { createHash } from 'node:crypto'
import type { CfnValue } from './framework.ts'

/** A logical id of CloudFormation: letters and digits, readable, and never the same for two different lists of parts. */
export function logicalId(...parts: readonly string[]): string {
  const words = parts.join(' ').split(/[^A-Za-z0-9]+/)
  const id = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
  return `${id.slice(0, 200)}${digest(parts)}`
}

/** The table of a service and stage. */
export function tableName(service: string, stage: string): string {
  return shorten(`${service}-${stage}-millrace`, 255)
}

/**
 * The bucket for what is Millrace's own. Bucket names are shared by all the world, so account and region are part of
 * it; with them (12 and up to 14 characters, and two dashes) 35 of the 63 characters are left.
 */
export function stateBucketName(service: string, stage: string): CfnValue {
  return {
    'Fn::Sub': `${shorten(`${service}-${stage}-millrace`.toLowerCase(), 35)}-\${AWS::AccountId}-\${AWS::Region}`,
  }
}

/**
 * The consumer group of one job and topic. Service and stage are part of it: two stages that read one cluster must not
 * share the partitions of a topic between them. Pattern and length: the API's, CreateEventSourceMapping.
 */
export function consumerGroup(service: string, stage: string, job: string, topic: string): string {
  const parts = [`${service}-${stage}`, job, topic]
  const name = parts.map((part) => part.replace(/[^a-zA-Z0-9_-]/g, '-')).join('.')
  const plain = parts.every((part) => /^[a-zA-Z0-9_-]+$/.test(part))
  return plain && name.length <= 200 ? name : `${name.slice(0, 191)}-${digest(parts)}`
}

/** The page of CloudWatch of a service and stage. */
export function dashboardName(service: string, stage: string): string {
  return shorten(`${service}-${stage}-millrace`.replace(/[^a-zA-Z0-9_-]/g, '-'), 255)
}

/** The pollers that the mappings of one job share, in provisioned mode. */
export function pollerGroup(service: string, stage: string, job: string): string {
  const name = `${service}-${stage}-${job}`.replace(/[^a-zA-Z0-9_-]/g, '-')
  return `${name.slice(0, 119)}-${digest([service, stage, job])}`
}

function shorten(name: string, most: number): string {
  return name.length <= most ? name : `${name.slice(0, most - 9)}-${digest([name])}`
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 8)
}
