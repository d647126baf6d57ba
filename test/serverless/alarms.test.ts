import { describe, expect, test } from 'vitest'
import type { JobDescription } from '../../src/serverless/describe.ts'
import type { CfnResource } from '../../src/serverless/framework.ts'
import { resourcesOf } from '../../src/serverless/resources.ts'
import { deployment, describedJob } from './sample.ts'

const ACTION = 'arn:aws:sns:eu-central-1:123456789012:calls'
const target = (functionName: string) => ({ name: { Ref: `${functionName}Lambda` }, arn: 'arn', dependsOn: [] })
const resources = (
  millrace = {},
  jobs: Readonly<Record<string, JobDescription>> = { words: describedJob('hot words') },
) => resourcesOf(deployment({ millrace, jobs }), target)
const alarmsOf = (all: Readonly<Record<string, CfnResource>>) =>
  Object.entries(all).flatMap(([id, { Type, Properties }]) =>
    Type === 'AWS::CloudWatch::Alarm' ? [{ id, ...Properties }] : [],
  )

describe('alarms', () => {
  test('of a job and of the table are on metrics that AWS has', () => {
    const alarms = alarmsOf(resources()).map((alarm) => {
      const { Namespace, MetricName, Dimensions } = { Namespace: '', MetricName: '', Dimensions: [], ...alarm }
      return [`${Namespace} ${MetricName}`, Dimensions] as const
    })
    const queue = { 'Fn::GetAtt': [expect.stringMatching(/^WordsMillraceWakeQueue/), 'QueueName'] }
    const lost = { 'Fn::GetAtt': [expect.stringMatching(/^WordsMillraceLostWakeUps/), 'QueueName'] }
    expect(Object.fromEntries(alarms)).toEqual({
      'AWS/Lambda Errors': [{ Name: 'FunctionName', Value: { Ref: 'wordsLambda' } }],
      'AWS/Lambda OffsetLag': [{ Name: 'FunctionName', Value: { Ref: 'wordsLambda' } }],
      'AWS/SQS ApproximateAgeOfOldestMessage': [{ Name: 'QueueName', Value: queue }],
      'AWS/SQS ApproximateNumberOfMessagesVisible': [{ Name: 'QueueName', Value: lost }],
      'AWS/DynamoDB ConditionalCheckFailedRequests': [{ Name: 'TableName', Value: { Ref: 'MillraceTable' } }],
      'AWS/DynamoDB WriteThrottleEvents': [{ Name: 'TableName', Value: { Ref: 'MillraceTable' } }],
      'AWS/DynamoDB ConsumedWriteCapacityUnits': [{ Name: 'TableName', Value: { Ref: 'MillraceTable' } }],
    })
  })

  test('are silent while nothing runs, say what to do, and tell whom the service says', () => {
    const alarms = alarmsOf(resources({ alarms: { actions: [ACTION, { Ref: 'Topic' }], lag: 500 } }))
    expect(alarms).toHaveLength(7)
    for (const alarm of alarms) {
      expect(alarm).toMatchObject({ TreatMissingData: 'notBreaching', AlarmActions: [ACTION, { Ref: 'Topic' }] })
    }
    expect(alarms.find(({ id }) => id.includes('MillraceLag'))).toMatchObject({ Threshold: 500 })
    // 70 % of the 1,000 write units a second that one log takes.
    expect(alarms.find(({ id }) => id.includes('NearOneLog'))).toMatchObject({ Threshold: 42_000, Period: 60 })
  })

  test('of jobs have ids of their own, and there are none when the service wants none', () => {
    const two = alarmsOf(resources({}, { words: describedJob('a'), others: describedJob('b') }))
    expect(new Set(two.map(({ id }) => id)).size).toBe(11)
    expect(alarmsOf(resources({ alarms: false }))).toEqual([])
  })

  test.each([
    [{ action: ACTION }, /custom\.millrace\.alarms: unknown option 'action'\. Did you mean 'actions'/],
    [{ actions: ['calls'] }, /alarms\.actions: "calls" is not of the form arn:aws:sns/],
    [{ lag: 0 }, /alarms\.lag: expected a whole number from 1/],
  ])('%o is refused', (alarms, message) => {
    expect(() => resources({ alarms })).toThrow(message)
  })
})

describe('the dashboard', () => {
  const bodyOf = (all: Readonly<Record<string, CfnResource>>) => {
    const [body, names] = Object(all.MillraceDashboard?.Properties.DashboardBody)['Fn::Sub']
    return { widgets: JSON.parse(body).widgets, body: String(body), names }
  }

  test('has a row for each job and one for the table, whose names are filled in by CloudFormation', () => {
    const all = resources()
    expect(all.MillraceDashboard?.Properties.DashboardName).toBe('shop-dev-millrace')
    const { widgets, body, names } = bodyOf(all)
    expect(widgets).toHaveLength(8)
    expect(widgets[0]).toMatchObject({ x: 0, y: 0, properties: { title: 'hot words: invocations' } })
    expect(widgets[7]).toMatchObject({ x: 18, y: 6, properties: { title: 'Table: throttled' } })
    const used = new Set([...body.matchAll(/\$\{([^!}]+)\}/g)].map(([, name]) => name))
    expect([...used].sort()).toEqual([...Object.keys(names), 'AWS::Region'].sort())
  })

  test('takes a job’s name as it is', () => {
    const jobs = { words: describedJob(`\${AWS::NoValue} "x"`) }
    expect(bodyOf(resources({}, jobs)).widgets[0].properties.title).toBe(`\${!AWS::NoValue} "x": invocations`)
  })

  test('is not made when the service wants none', () => {
    expect(resources({ dashboard: false })).not.toHaveProperty('MillraceDashboard')
  })
})
