// Provisioned mode: pollers that are paid by the hour, whether there is anything to poll or not. The topics of a job share one group of them,
// so that a job with five topics does not pay for five.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html

import { priceOf as priceOfItem } from '../cost/prices.ts'
import { InvalidOptionError } from '../errors/errors.ts'
import { KAFKA } from '../sources/kafka/kind.ts'
import type { MappingOptions } from '../sources/kafka/mapping.ts'
import type { DeployedJob, Deployment } from './deployment.ts'
import { pollerGroup } from './names.ts'

/** A unit has the throughput of four pollers (20 MB/s); alone a mapping has at least one, and in a group they share. */
const POLLERS_PER_UNIT = 4

/** An hour in us-east-1; other regions are near it. */
const UNIT_PRICE = priceOfItem('lambda.pollerUnitHour', 'us-east-1').dollars

const HOURS_PER_MONTH = 730

/** Lambda's own, unless the service says otherwise. */
const [LEAST_POLLERS, MOST_POLLERS] = [1, 200]

/** Of all mappings of a group together. https://docs.aws.amazon.com/lambda/latest/dg/kafka-esm-parameters.html */
const [MOST_MAPPINGS_OF_GROUP, MOST_POLLERS_OF_GROUP] = [100, 2000]

/** The mapping of one of the job's topics, in the job's group unless the service names another one. Groups are of one VPC. */
export function sharing(deployment: Deployment, job: DeployedJob, mapping: MappingOptions): MappingOptions {
  const { pollers } = mapping
  if (!pollers || pollers.group !== undefined || !groups(deployment, job)) return mapping
  const { service, stage } = deployment
  return { ...mapping, pollers: { ...pollers, group: pollerGroup(service, stage, job.job.name) } }
}

function groups({ options: { kafka } }: Deployment, { job }: DeployedJob): boolean {
  const inVpc = kafka.mskArn !== undefined || kafka.access.some(({ Type }) => Type === 'VPC_SUBNET')
  return inVpc && topicsOf(job) > 1
}

const topicsOf = (job: DeployedJob['job']) => job.feeds.filter(({ kind }) => kind === KAFKA.name).length

/** @throws InvalidOptionError for more mappings or pollers in a group than Lambda takes. */
export function checkGroups(jobs: readonly DeployedJob[]): void {
  const grouped = jobs.flatMap(({ functionName, job, mapping: { pollers } }) =>
    pollers && pollers.group !== '' ? [{ group: pollers.group ?? functionName, pollers, topics: topicsOf(job) }] : [],
  )
  for (const [group, members] of Map.groupBy(grouped, (one) => one.group)) {
    const mappings = members.reduce((sum, { topics }) => sum + topics, 0)
    const most = members.reduce((sum, { topics, pollers }) => sum + topics * (pollers.maximum ?? MOST_POLLERS), 0)
    if (mappings <= 1 || (mappings <= MOST_MAPPINGS_OF_GROUP && most <= MOST_POLLERS_OF_GROUP)) continue
    throw new InvalidOptionError(
      `custom.millrace.jobs: the poller group '${group}' has ${mappings} topics with ${most} pollers at most, and Lambda takes ${MOST_MAPPINGS_OF_GROUP} topics and ` +
        `${MOST_POLLERS_OF_GROUP} pollers of a group. Lower provisionedPollerConfig.maximumPollers (${MOST_POLLERS} unless given, for each topic), or give it another ` +
        "pollerGroupName ('' for none).",
    )
  }
}

/** What provisioned mode costs at least, for whoever deploys; nothing where it is not asked for. */
export function priceOf(deployment: Deployment, deployed: DeployedJob): string[] {
  const { pollers } = deployed.mapping
  const topics = topicsOf(deployed.job)
  if (!pollers || topics === 0) return []
  const least = pollers.minimum ?? LEAST_POLLERS
  const shared = pollers.group === undefined ? groups(deployment, deployed) : pollers.group !== ''
  const units = shared ? Math.ceil((topics * least) / POLLERS_PER_UNIT) : topics * Math.ceil(least / POLLERS_PER_UNIT)
  const price = units * UNIT_PRICE
  return [
    `${deployed.functionName}: provisioned mode costs at least ${units} event poller ${units === 1 ? 'unit' : 'units'} at some $${UNIT_PRICE} an hour, ` +
      `$${Math.round(price * HOURS_PER_MONTH)} a month, also while nothing arrives (${topics} ${topics === 1 ? 'topic' : 'topics'}, ` +
      `${least} ${least === 1 ? 'poller' : 'pollers'} each${shared ? ', in one group' : ''}; https://aws.amazon.com/lambda/pricing). Without provisionedPollerConfig an idle job polls for nothing.`,
  ]
}
