// When somebody ought to look, and what to do then: each description is for whoever is woken by it, and names its place in docs/guide/operating.md. On what
// AWS measures, and on what jobs measure of themselves (names/metrics.ts); where they do not (`metrics: off`), the table stands in. Pure.

import { DIMENSION, LOG_WRITE_UNITS, type MetricName, NAMESPACE } from '../names/metrics.ts'
import { type DeployedJob, type Deployment, lostQueueId, queueId, tableRef } from './deployment.ts'
import type { CfnResource, CfnValue } from './framework.ts'
import { logicalId } from './names.ts'
import type { AlarmOptions } from './options.ts'

/** What is measured, of what, and how the values of a period come to one. */
type Measured = readonly [
  namespace: string,
  metric: string,
  dimension: string,
  of: CfnValue,
  statistic: 'Sum' | 'Maximum',
]

/** From which value on, for how many of how many periods of so many seconds. */
type When = readonly [threshold: number, seconds: number, bad?: number, of?: number]

type Alarm = readonly [name: string, measured: Measured, when: When, what: string]

/** A quarter of an hour: what passes by itself, has passed. */
const LASTING = [300, 3, 3] as const

/** 70 % of what one log takes, because a log is one key of the table. */
const NEARLY_A_LOG = 0.7 * LOG_WRITE_UNITS

/** Alarms of one job, by logical id. A batch that fails once is delivered again: only what goes on failing is worth a call. */
export function jobAlarms(
  { options: { metrics, alarms } }: Pick<Deployment, 'options'>,
  job: DeployedJob,
  functionName: CfnValue,
): Record<string, CfnResource> {
  if (!alarms) return {}
  const { name } = job.job
  const lambda = (metric: string, statistic: Measured[4]): Measured => [
    ...(['AWS/Lambda', metric, 'FunctionName'] as const),
    functionName,
    statistic,
  ]
  const queue = (metric: string, id: string): Measured => [
    ...(['AWS/SQS', metric, 'QueueName'] as const),
    { 'Fn::GetAtt': [id, 'QueueName'] },
    'Maximum',
  ]
  const own = (metric: MetricName, statistic: Measured[4]): Measured => [
    NAMESPACE,
    metric,
    DIMENSION,
    functionName,
    statistic,
  ]
  const all: Alarm[] = [
    [
      ...(['Failing', lambda('Errors', 'Sum'), [1, ...LASTING]] as const),
      `Job ${name}: invocations fail again and again. Nothing is lost: the batch is delivered again until it succeeds. Look for "partition failed" in its log: code and kind say who has to do something.`,
    ],
    [
      ...(['Lag', lambda('OffsetLag', 'Maximum'), [alarms.lag, ...LASTING]] as const),
      `Job ${name}: ${alarms.lag} records or more behind, for a quarter of an hour. Look for failing invocations, throttles and durations first; then raise batchSize, memory or partitions.`,
    ],
    [
      ...(['WakeUpsLate', queue('ApproximateAgeOfOldestMessage', queueId(job)), [3600, 300]] as const), // it is delayed by a quarter of an hour at most
      `Job ${name}: a wake-up has waited for an hour, so that batches are not closed. The function fails, is throttled, or its mapping of the queue is disabled.`,
    ],
    [
      ...(['LostWakeUps', queue('ApproximateNumberOfMessagesVisible', lostQueueId(job)), [1, 300]] as const),
      `Job ${name}: a wake-up has failed 1000 times and is given up. Mend the function, then move the message back (aws sqs start-message-move-task).`,
    ],
  ]
  const ofItsOwn: Alarm[] = [
    [
      ...(['Quarantine', own('QuarantinedRecords', 'Sum'), [1, 300]] as const),
      `Job ${name}: records could not be processed and were set aside; the job goes on without them. Its log names topic, partition and offset, the objects below the quarantine prefix hold their bytes. Mend producer or job; it can wait until morning unless there are many.`,
    ],
    [
      ...(['Conflicts', own('CommitConflicts', 'Sum'), [300, ...LASTING]] as const),
      `Job ${name}: more than one commit a second loses against another one. Results are right, time is wasted. Two event sources feed one function, or a batch is delivered again while it is still worked on: look for timeouts, and for mappings that should not be there.`,
    ],
    [
      ...(['NearOneLog', own('LogWriteUnits', 'Maximum'), [NEARLY_A_LOG, 60, 5, 5]] as const),
      `Job ${name}: one log takes ${NEARLY_A_LOG} write units a second; DynamoDB takes 1,000, and throttles beyond. More partitions (or numPartitions, if it is a stage's) spread it; a longer maximumBatchingWindow makes fewer and smaller commits.`,
    ],
    [
      ...(['Late', own('LateRecords', 'Sum'), [alarms.late, ...LASTING]] as const),
      `Job ${name}: ${alarms.late} records or more in five minutes came after their batch, for a quarter of an hour. None is lost: they count in a later one. A producer's clock or a replay: look at the timestamps that its log warns of.`,
    ],
  ]
  return made(alarms, job.functionName, metrics === 'emf' ? [...all, ...ofItsOwn] : all)
}

/** Alarms of the table, which all jobs of the service share. */
export function tableAlarms(deployment: Deployment): Record<string, CfnResource> {
  const { metrics, alarms } = deployment.options
  if (!alarms) return {}
  const table = (metric: string): Measured => ['AWS/DynamoDB', metric, 'TableName', tableRef(deployment), 'Sum']
  const throttled: Alarm = [
    ...(['Throttled', table('WriteThrottleEvents'), [1, 300, 2, 3]] as const),
    "Writes to the table are throttled; they are tried again, and jobs fall behind. A log takes 1,000 write units a second, an account's table what its quota says. More partitions spread a job over more logs.",
  ]
  const ofAll: Alarm[] = [
    [
      ...(['Conflicts', table('ConditionalCheckFailedRequests'), [300, ...LASTING]] as const),
      'More than one commit a second loses against another one, for a quarter of an hour: two event sources feed one function, or a batch is delivered again while it is still worked on (look for timeouts).',
    ],
    [
      // Of the whole table: DynamoDB measures no single keys.
      ...(['NearOneLog', table('ConsumedWriteCapacityUnits'), [NEARLY_A_LOG * 60, 60, 5, 5]] as const),
      `The table takes ${NEARLY_A_LOG} write units a second or more. One log takes 1,000: if most are of one task, it is close to the end; if they are of many, all is well and this threshold is yours to raise.`,
    ],
  ]
  return made(alarms, 'Table', metrics === 'emf' ? [throttled] : [throttled, ...ofAll])
}

function made({ actions }: AlarmOptions, whose: string, all: readonly Alarm[]): Record<string, CfnResource> {
  return Object.fromEntries(all.map((one) => [logicalId(whose, `Millrace${one[0]}Alarm`), alarm(one, actions)]))
}

/** Where operators read on; a heading for each alarm. */
export const pageOf = (name: string): string => `docs/guide/operating.md#${name.toLowerCase()}`

function alarm([name, measured, when, what]: Alarm, actions: readonly CfnValue[]): CfnResource {
  const [Namespace, MetricName, Name, Value, Statistic] = measured
  const [Threshold, Period, bad = 1, all = 1] = when
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmDescription: `${what} More: ${pageOf(name)} of the package millrace.`,
      ...{ Namespace, MetricName, Dimensions: [{ Name, Value }], Statistic, Period },
      EvaluationPeriods: all,
      ...(bad < all && { DatapointsToAlarm: bad }),
      Threshold,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching', // nothing runs while nothing arrives
      ...(actions.length > 0 && { AlarmActions: actions }),
    },
  }
}
