// One page of CloudWatch for a service: a row for each job, and one for the table. Of AWS's own metrics, as the alarms are. Pure.

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
  const widgets = deployment.jobs.flatMap((job, row) => {
    const name = `Function${row}`
    const [queue, lost] = [`Queue${row}`, `Lost${row}`]
    names[name] = nameOf(job.functionName)
    names[queue] = { 'Fn::GetAtt': [queueId(job), 'QueueName'] }
    names[lost] = { 'Fn::GetAtt': [lostQueueId(job), 'QueueName'] }
    return jobRow(job, row, name, queue, lost)
  })
  const body = JSON.stringify({ widgets: [...widgets, ...tableRow(deployment.jobs.length)] })
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
