import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { METRICS } from '../../src/names/metrics.ts'
import type { JobDescription } from '../../src/serverless/describe.ts'
import type { CfnResource } from '../../src/serverless/framework.ts'
import { resourcesOf } from '../../src/serverless/resources.ts'
import { deployment, describedJob } from './sample.ts'
import { REPOSITORY } from './service-folder.ts'

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
  const metricsOf = (all: Readonly<Record<string, CfnResource>>) =>
    Object.fromEntries(
      alarmsOf(all).map((alarm) => {
        const { Namespace, MetricName, Dimensions } = { Namespace: '', MetricName: '', Dimensions: [], ...alarm }
        return [`${Namespace} ${MetricName}`, Dimensions] as const
      }),
    )
  const queue = { 'Fn::GetAtt': [expect.stringMatching(/^WordsMillraceWakeQueue/), 'QueueName'] }
  const lost = { 'Fn::GetAtt': [expect.stringMatching(/^WordsMillraceLostWakeUps/), 'QueueName'] }
  const ofFunction = [{ Name: 'FunctionName', Value: { Ref: 'wordsLambda' } }]
  const ofTable = [{ Name: 'TableName', Value: { Ref: 'MillraceTable' } }]
  const ofAws = {
    'AWS/Lambda Errors': ofFunction,
    'AWS/Lambda OffsetLag': ofFunction,
    'AWS/SQS ApproximateAgeOfOldestMessage': [{ Name: 'QueueName', Value: queue }],
    'AWS/SQS ApproximateNumberOfMessagesVisible': [{ Name: 'QueueName', Value: lost }],
    'AWS/DynamoDB WriteThrottleEvents': ofTable,
  }

  test('are on what AWS measures, and on what a job measures itself', () => {
    expect(metricsOf(resources())).toEqual({
      ...ofAws,
      'Millrace QuarantinedRecords': ofFunction,
      'Millrace CommitConflicts': ofFunction,
      'Millrace LogWriteUnits': ofFunction,
      'Millrace LateRecords': ofFunction,
    })
  })

  test.each(['line', 'off'])('have the table stand in where jobs send no metrics (%s)', (metrics) => {
    expect(metricsOf(resources({ metrics }))).toEqual({
      ...ofAws,
      'AWS/DynamoDB ConditionalCheckFailedRequests': ofTable,
      'AWS/DynamoDB ConsumedWriteCapacityUnits': ofTable,
    })
  })

  test('are silent while nothing runs, say what to do, and tell whom the service says', () => {
    const alarms = alarmsOf(resources({ alarms: { actions: [ACTION, { Ref: 'Topic' }], lag: 500, late: 7 } }))
    expect(alarms).toHaveLength(9)
    for (const alarm of alarms) {
      expect(alarm).toMatchObject({ TreatMissingData: 'notBreaching', AlarmActions: [ACTION, { Ref: 'Topic' }] })
    }
    expect(alarms.find(({ id }) => id.includes('MillraceLag'))).toMatchObject({ Threshold: 500 })
    expect(alarms.find(({ id }) => id.includes('MillraceLate'))).toMatchObject({ Threshold: 7 })
    // 70 % of the 1,000 write units a second that one log takes.
    const near = { Threshold: 700, Period: 60, Statistic: 'Maximum' }
    expect(alarms.find(({ id }) => id.includes('NearOneLog'))).toMatchObject(near)
    const table = alarmsOf(resources({ metrics: 'off' })).find(({ id }) => id.includes('NearOneLog'))
    expect(table).toMatchObject({ Threshold: 42_000, Period: 60, Statistic: 'Sum' })
  })

  test('name the place in the docs where an operator reads on, and it is there', async () => {
    const page = await readFile(join(REPOSITORY, 'docs/guide/operating.md'), 'utf8')
    const headings = new Set([...page.matchAll(/^### (\w+)$/gm)].map(([, heading = '']) => heading.toLowerCase()))
    const alarms = [...alarmsOf(resources()), ...alarmsOf(resources({ metrics: 'off' }))]
    for (const alarm of alarms) {
      const { AlarmDescription: text } = { AlarmDescription: '', ...alarm }
      const [, heading = ''] = /docs\/guide\/operating\.md#(\w+)/.exec(text) ?? []
      expect(headings).toContain(heading)
      expect(text.length).toBeLessThan(1024) // CloudWatch's
    }
    expect(headings.size).toBe(9)
  })

  test('of jobs have ids of their own, and there are none when the service wants none', () => {
    const two = alarmsOf(resources({}, { words: describedJob('a'), others: describedJob('b') }))
    expect(new Set(two.map(({ id }) => id)).size).toBe(17)
    expect(alarmsOf(resources({ alarms: false }))).toEqual([])
  })

  test.each([
    [{ action: ACTION }, /custom\.millrace\.alarms: unknown option 'action'\. Did you mean 'actions'/],
    [{ actions: ['calls'] }, /alarms\.actions: "calls" is not of the form arn:aws:sns/],
    [{ late: 'many' }, /alarms\.late: expected a whole number/],
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

  test('has two rows for each job and one for the table, whose names are filled in by CloudFormation', () => {
    const all = resources()
    expect(all.MillraceDashboard?.Properties.DashboardName).toBe('shop-dev-millrace')
    const { widgets, body, names } = bodyOf(all)
    expect(widgets).toHaveLength(12)
    expect(widgets[0]).toMatchObject({ x: 0, y: 0, properties: { title: 'hot words: invocations' } })
    const own = widgets
      .slice(4, 8)
      .flatMap(({ properties }: { properties: { metrics: string[][] } }) => properties.metrics)
    for (const [namespace, metric = ''] of own)
      expect([namespace, Object.keys(METRICS)]).toEqual(['Millrace', expect.arrayContaining([metric])])
    expect(own.length).toBeGreaterThan(8)
    expect(widgets[11]).toMatchObject({ x: 18, y: 12, properties: { title: 'Table: throttled' } })
    const used = new Set([...body.matchAll(/\$\{([^!}]+)\}/g)].map(([, name]) => name))
    expect([...used].sort()).toEqual([...Object.keys(names), 'AWS::Region'].sort())
  })

  test('has one row for a job that sends no metrics', () => {
    expect(bodyOf(resources({ metrics: 'line' })).widgets).toHaveLength(8)
  })

  test('takes a job’s name as it is', () => {
    const jobs = { words: describedJob(`\${AWS::NoValue} "x"`) }
    expect(bodyOf(resources({}, jobs)).widgets[0].properties.title).toBe(`\${!AWS::NoValue} "x": invocations`)
  })

  test('is not made when the service wants none', () => {
    expect(resources({ dashboard: false })).not.toHaveProperty('MillraceDashboard')
  })
})
