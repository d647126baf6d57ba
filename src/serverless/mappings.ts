// What brings a job's function to life: one event source mapping per feed, and one for the queue of its wake-ups. Written
// here and not as the framework's events, which have no words for partial responses, refuse brokers without credentials,
// and name mappings so that the topics `a-b` and `ab` collide.
// What a mapping says of its feed, its source knows (`sources.ts`).

import { MOST_SHARES } from '../runtime/side-by-side/asking.ts'
import { type DeployedJob, type Deployment, queueId } from './deployment.ts'
import type { CfnResource, CfnValue } from './framework.ts'
import { logicalId } from './names.ts'
import { deployedSource } from './sources.ts'

const MAPPING = 'AWS::Lambda::EventSourceMapping'

/** What mappings must wait for and point to. */
export interface FunctionTarget {
  /** The function's name. */
  readonly name: CfnValue
  /** The function, or its alias. */
  readonly arn: CfnValue
  /** Logical ids that must be there first: the role, the alias. */
  readonly dependsOn: readonly string[]
}

/**
 * The mappings of one job, by logical id.
 *
 * @param stores logical ids of table and buckets: records must not arrive before there is a place for what becomes of them.
 */
export function mappingsOf(
  deployment: Deployment,
  job: DeployedJob,
  target: FunctionTarget,
  stores: readonly string[],
): Record<string, CfnResource> {
  const DependsOn = [...target.dependsOn, ...stores]
  const feeds = job.job.feeds.map(({ kind, name, startsAt }) => {
    const source = deployedSource(kind)
    const Properties = { FunctionName: target.arn, ...source.mappingOf(deployment, { job, feed: name, startsAt }) }
    return [
      logicalId(job.functionName, `Millrace${source.feedWord}`, name),
      { Type: MAPPING, DependsOn, Properties },
    ] as const
  })
  const wake = { Type: MAPPING, DependsOn, Properties: wakeMapping(job, target.arn) }
  return { ...Object.fromEntries(feeds), [logicalId(job.functionName, 'MillraceWakeMapping')]: wake }
}

/** One message per invocation: requests for help are to be met by as many, and a failed message does not take others with it. */
function wakeMapping(job: DeployedJob, FunctionName: CfnValue): Record<string, CfnValue> {
  return {
    FunctionName,
    EventSourceArn: { 'Fn::GetAtt': [queueId(job), 'Arn'] },
    BatchSize: 1,
    // There is one wake-up at a time; requests for help with a large batch come many at once, to be met at once.
    ScalingConfig: { MaximumConcurrency: MOST_SHARES },
  }
}
