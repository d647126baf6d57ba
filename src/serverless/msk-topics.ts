// The topics of an MSK cluster, asked of MSK and not of its brokers, which only its VPC reaches. The API is of November 2025: for provisioned clusters
// of Kafka 3.6 or later, and what it says may be a minute old
// (https://docs.aws.amazon.com/msk/latest/developerguide/msk-view-topic-information.html). Serverless clusters refuse it.

import type { Plain } from '../sources/deployed.ts'
import { askAws, type Caller, endpointOf } from './aws-request.ts'

/** A page has a hundred topics; this is more than a cluster's largest brokers take. */
const MOST_PAGES = 500

/** Counts by topic, or why it was not asked. @throws what the service says */
export async function askMsk(
  mskArn: Plain,
  caller: Caller | undefined,
  patienceMs: number,
): Promise<ReadonlyMap<string, number> | string> {
  if (!caller) return 'MSK is asked when the service is deployed'
  if (typeof mskArn !== 'string') return 'which MSK cluster it is, only CloudFormation knows'
  const [, partition = 'aws', , region = caller.region] = mskArn.split(':')
  const counts = new Map<string, number>()
  let nextToken: string | undefined
  for (let page = 0; page < MOST_PAGES; page++) {
    const answer = await askAws(
      {
        ...{ service: 'kafka', method: 'GET', endpoint: endpointOf('kafka', region, partition) },
        path: `/v1/clusters/${encodeURIComponent(mskArn)}/topics`,
        ...(nextToken !== undefined && { query: { nextToken } }),
      },
      { ...caller, region },
      patienceMs,
    )
    const { topics, nextToken: next } = Object(answer)
    if (!Array.isArray(topics)) throw new Error('its answer has no list of topics')
    for (const topic of topics) {
      const { topicName, partitionCount } = Object(topic)
      if (typeof topicName === 'string' && typeof partitionCount === 'number') counts.set(topicName, partitionCount)
    }
    if (typeof next !== 'string' || next === '') break
    nextToken = next
  }
  return counts
}
