// What a job measures of itself, by name: a leaf, so that the function's log line (CloudWatch's embedded metric format), the plugin's
// alarms and dashboard, `run`'s /metrics and docs/guide/metrics.md say the same. A test holds the page against it.

/** As CloudWatch has them: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html */
export type Unit = 'Count' | 'Milliseconds' | 'Bytes' | 'Count/Second'

/** Names of CloudWatch, by what is measured in one invocation. A metric is paid for by the hour in which it is sent, so those that are 0 are left out. */
export const METRICS = {
  Records: 'Count',
  Duplicates: 'Count',
  LateRecords: 'Count',
  LateRows: 'Count',
  SkippedRecords: 'Count',
  QuarantinedRecords: 'Count',
  MissingRecords: 'Count',
  CommitConflicts: 'Count',
  WriteUnits: 'Count',
  LogWriteUnits: 'Count/Second',
  CommitBytes: 'Bytes',
  RecordAge: 'Milliseconds',
  FrontierDelay: 'Milliseconds',
  ClosedBatches: 'Count',
  OpenBatches: 'Count',
  PendingEffectsAge: 'Milliseconds',
} as const satisfies Readonly<Record<string, Unit>>

export type MetricName = keyof typeof METRICS

/** CloudWatch's. */
export const NAMESPACE = 'Millrace'

/** The one dimension: a function's name, which is a job's of one stage of a service. */
export const DIMENSION = 'FunctionName'

/** For people. Not in a function's bundle. */
export const MEANING: Readonly<Record<MetricName, string>> = {
  Records: 'Records that were committed.',
  Duplicates: 'Records that came again, and were dropped because they had been committed.',
  LateRecords: 'Records that came when their batch had passed in their partition, and joined a later one.',
  LateRows: 'Rows that came too late for their windows of event time, and were left out of them.',
  SkippedRecords: 'Records that could not be processed, under onPoison: skip.',
  QuarantinedRecords: 'Records and values that could not be processed, set aside under onPoison: quarantine.',
  MissingRecords: 'Offsets that never came, passed over by policy.',
  CommitConflicts: 'Commits that lost against another one.',
  WriteUnits: 'Write units of the commits, of all logs.',
  LogWriteUnits: 'Write units a second of the log that took most; one log takes 1,000.',
  CommitBytes: 'Bytes of the commits.',
  RecordAge: 'How old the newest record of the partition that is furthest behind was.',
  FrontierDelay: 'How far the frontier of the partition that is furthest behind is behind the clock.',
  ClosedBatches: 'Batches that were closed.',
  OpenBatches: 'Batches that have records and are still open.',
  PendingEffectsAge: 'How long ago the oldest batch ended whose foreachRDD has not succeeded yet.',
}

/** Records that one log takes in a second: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html */
export const LOG_WRITE_UNITS = 1000

/** Prometheus' name: snake case, `_total` of what is added up (https://prometheus.io/docs/practices/naming/). */
export function prometheusName(name: MetricName): string {
  const words = name.replace(/(?<=.)[A-Z]/g, (letter) => `_${letter}`).toLowerCase()
  return `millrace_${words}${isGauge(name) ? (METRICS[name] === 'Milliseconds' ? '_milliseconds' : '') : '_total'}`
}

/** Whether it says how something stands, and is not added up. */
export function isGauge(name: MetricName): boolean {
  return METRICS[name] === 'Milliseconds' || name === 'LogWriteUnits' || name === 'OpenBatches'
}
