// When somebody ought to look: alarms on what AWS measures anyway. What Millrace would have to measure itself (records in quarantine, late
// rows) is in its log lines and in no metric yet, so there is no alarm for it. Pure.

import { type DeployedJob, type Deployment, lostQueueId, queueId, tableRef } from './deployment.ts'
import type { CfnResource, CfnValue } from './framework.ts'
import { logicalId } from './names.ts'
import type { AlarmOptions } from './options.ts'

interface Watched {
  readonly what: string
  readonly metric: readonly [namespace: string, name: string]
  readonly of: readonly [dimension: string, value: CfnValue]
  readonly statistic: 'Sum' | 'Maximum'
  readonly threshold: number
  readonly seconds: number
  /** How many periods of how many; one of one unless given. */
  readonly periods?: readonly [bad: number, of: number]
}

/** Forty-two thousand units in a minute are 700 a second: 70 % of what one log takes, because a log is one key of the table. */
const NEARLY_A_LOG = 0.7 * 1000 * 60

/** Alarms of one job, by logical id. A batch that fails once is delivered again: only what goes on failing is worth a call. */
export function jobAlarms(
  { actions, lag }: AlarmOptions,
  job: DeployedJob,
  functionName: CfnValue,
): Record<string, CfnResource> {
  const { name } = job.job
  const lambda = ['FunctionName', functionName] as const
  const queue = (id: string) => ['QueueName', { 'Fn::GetAtt': [id, 'QueueName'] }] as const
  return alarms(actions, job.functionName, {
    Failing: {
      what: `Job ${name}: invocations fail again and again. Its log says why; nothing is lost, the batch is delivered again until it succeeds.`,
      metric: ['AWS/Lambda', 'Errors'],
      of: lambda,
      statistic: 'Sum',
      threshold: 1,
      seconds: 300,
      periods: [3, 3],
    },
    Lag: {
      what: `Job ${name}: ${lag} records or more behind, for a quarter of an hour. Look for failing invocations, throttles and durations; then raise batchSize, memory or partitions.`,
      metric: ['AWS/Lambda', 'OffsetLag'],
      of: lambda,
      statistic: 'Maximum',
      threshold: lag,
      seconds: 300,
      periods: [3, 3],
    },
    WakeUpsLate: {
      what: `Job ${name}: a wake-up has waited for an hour, so that batches are not closed. The function fails, is throttled, or its mapping of the queue is disabled.`,
      metric: ['AWS/SQS', 'ApproximateAgeOfOldestMessage'],
      of: queue(queueId(job)),
      statistic: 'Maximum',
      threshold: 3600, // a wake-up is delayed by a quarter of an hour at most
      seconds: 300,
    },
    LostWakeUps: {
      what: `Job ${name}: a wake-up has failed 1000 times and is given up. Mend the function, then move the message back (start-message-move-task).`,
      metric: ['AWS/SQS', 'ApproximateNumberOfMessagesVisible'],
      of: queue(lostQueueId(job)),
      statistic: 'Maximum',
      threshold: 1,
      seconds: 300,
    },
  })
}

/** Alarms of the table, which all jobs of the service share. */
export function tableAlarms({ actions }: AlarmOptions, deployment: Deployment): Record<string, CfnResource> {
  const table = ['TableName', tableRef(deployment)] as const
  return alarms(actions, 'Table', {
    Conflicts: {
      what: 'More than one commit a second loses against another one, for a quarter of an hour: two event sources feed one function, or a batch is delivered again while it is still worked on (look for timeouts).',
      metric: ['AWS/DynamoDB', 'ConditionalCheckFailedRequests'],
      of: table,
      statistic: 'Sum',
      threshold: 300,
      seconds: 300,
      periods: [3, 3],
    },
    Throttled: {
      what: "Writes to the table are throttled: a log takes 1,000 write units a second, an account's table what its quota says. More partitions spread a job over more logs.",
      metric: ['AWS/DynamoDB', 'WriteThrottleEvents'],
      of: table,
      statistic: 'Sum',
      threshold: 1,
      seconds: 300,
      periods: [2, 3],
    },
    NearOneLog: {
      what: 'The table takes 700 write units a second or more. One log takes 1,000: if most are of one task, it is close to the end; if they are of many, all is well and this threshold is yours to raise.',
      metric: ['AWS/DynamoDB', 'ConsumedWriteCapacityUnits'],
      of: table,
      statistic: 'Sum',
      threshold: NEARLY_A_LOG,
      seconds: 60,
      periods: [5, 5],
    },
  })
}

function alarms(actions: readonly CfnValue[], whose: string, watched: Readonly<Record<string, Watched>>) {
  return Object.fromEntries(
    Object.entries(watched).map(([name, one]) => [logicalId(whose, `Millrace${name}Alarm`), alarm(one, actions)]),
  )
}

function alarm(watched: Watched, actions: readonly CfnValue[]): CfnResource {
  const { what, metric, of, statistic, threshold, seconds, periods: [bad, all] = [1, 1] } = watched
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmDescription: what,
      Namespace: metric[0],
      MetricName: metric[1],
      Dimensions: [{ Name: of[0], Value: of[1] }],
      Statistic: statistic,
      Period: seconds,
      EvaluationPeriods: all,
      ...(bad < all && { DatapointsToAlarm: bad }),
      Threshold: threshold,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching', // nothing runs while nothing arrives
      ...(actions.length > 0 && { AlarmActions: actions }),
    },
  }
}
