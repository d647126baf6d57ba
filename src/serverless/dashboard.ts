// One page of CloudWatch for a service: for each job a row of what AWS measures and one of what it measures itself, and one for the table. Pure.

import { DIMENSION, type MetricName, NAMESPACE } from '../names/metrics.ts'
import { type DeployedJob, type Deployment, lostQueueId, queueId, tableRef } from './deployment.ts'
import type { CfnResource, CfnValue } from './framework.ts'
import { dashboardName } from './names.ts'

type Metric = readonly [
  namespace: string,
  name: string,
  dimension: string,
  value: string,
  statistic: 'Sum' | 'Maximum' | 'Average',
]

const [COLUMNS, HEIGHT, WIDTH] = [4, 6, 6]

/** @param nameOf the name of a job's function. */
export function dashboard(deployment: Deployment, nameOf: (functionName: string) => CfnValue): CfnResource {
  // Names that only CloudFormation knows stand in the text as variables.
  const names: Record<string, CfnValue> = { Table: tableRef(deployment) }
  const { metrics } = deployment.options
  const rows = metrics === 'emf' ? 2 : 1
  const widgets = deployment.jobs.flatMap((job, index) => {
    const name = `Function${index}`
    const [queue, lost] = [`Queue${index}`, `Lost${index}`]
    names[name] = nameOf(job.functionName)
    names[queue] = { 'Fn::GetAtt': [queueId(job), 'QueueName'] }
    names[lost] = { 'Fn::GetAtt': [lostQueueId(job), 'QueueName'] }
    const ofAws = jobRow(job, index * rows, name, queue, lost)
    return rows === 1 ? ofAws : [...ofAws, ...ownRow(job, index * rows + 1, name)]
  })
  const body = JSON.stringify({ widgets: [...widgets, ...tableRow(deployment.jobs.length * rows)] })
  return {
    Type: 'AWS::CloudWatch::Dashboard',
    Properties: {
      DashboardName: dashboardName(deployment.service, deployment.stage),
      DashboardBody: { 'Fn::Sub': [body, names] },
    },
  }
}

function jobRow({ job }: DeployedJob, row: number, name: string, queue: string, lost: string) {
  const lambda = (metric: string, statistic: Metric[4]): Metric => [
    'AWS/Lambda',
    metric,
    'FunctionName',
    variable(name),
    statistic,
  ]
  const sqs = (metric: string, of: string): Metric => ['AWS/SQS', metric, 'QueueName', variable(of), 'Maximum']
  return line(row, [
    [`${job.name}: invocations`, ['Invocations', 'Errors', 'Throttles'].map((metric) => lambda(metric, 'Sum'))],
    [`${job.name}: duration, ms`, [lambda('Duration', 'Average'), lambda('Duration', 'Maximum')]],
    [`${job.name}: records behind`, [lambda('OffsetLag', 'Maximum')]],
    [
      `${job.name}: wake-ups, oldest in s and given up`,
      [sqs('ApproximateAgeOfOldestMessage', queue), sqs('ApproximateNumberOfMessagesVisible', lost)],
    ],
  ])
}

function ownRow({ job }: DeployedJob, row: number, name: string) {
  const own = (metric: MetricName, statistic: Metric[4]): Metric => [
    NAMESPACE,
    metric,
    DIMENSION,
    variable(name),
    statistic,
  ]
  const sums = (...metrics: readonly MetricName[]) => metrics.map((metric) => own(metric, 'Sum'))
  const most = (...metrics: readonly MetricName[]) => metrics.map((metric) => own(metric, 'Maximum'))
  return line(row, [
    [
      `${job.name}: records, and those late or set aside`,
      sums('Records', 'LateRecords', 'SkippedRecords', 'QuarantinedRecords', 'MissingRecords'),
    ],
    [`${job.name}: frontier and effects behind, ms`, most('FrontierDelay', 'PendingEffectsAge')],
    [`${job.name}: batches closed, and open`, [...sums('ClosedBatches'), ...most('OpenBatches')]],
    [
      `${job.name}: write units a second of the busiest log, conflicts`,
      [...most('LogWriteUnits'), ...sums('CommitConflicts')],
    ],
  ])
}

function tableRow(row: number) {
  const dynamo = (metric: string): Metric => ['AWS/DynamoDB', metric, 'TableName', variable('Table'), 'Sum']
  return line(row, [
    ['Table: write units', [dynamo('ConsumedWriteCapacityUnits')]],
    ['Table: read units', [dynamo('ConsumedReadCapacityUnits')]],
    ['Table: commits that lost against another', [dynamo('ConditionalCheckFailedRequests')]],
    ['Table: throttled', [dynamo('WriteThrottleEvents'), dynamo('ReadThrottleEvents')]],
  ])
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html */
function line(row: number, widgets: readonly (readonly [title: string, metrics: readonly Metric[]])[]) {
  return widgets.slice(0, COLUMNS).map(([title, metrics], column) => ({
    type: 'metric',
    x: column * WIDTH,
    y: row * HEIGHT,
    width: WIDTH,
    height: HEIGHT,
    properties: {
      title: literal(title),
      region: variable('AWS::Region'),
      view: 'timeSeries',
      period: 60,
      metrics: metrics.map(([namespace, name, dimension, value, stat]) => [
        namespace,
        name,
        dimension,
        value,
        { stat },
      ]),
    },
  }))
}

const variable = (name: string) => `\${${name}}`

/** A job's name may look like a variable of Fn::Sub. */
const literal = (text: string) => text.replaceAll('${', '$' + '{!')
