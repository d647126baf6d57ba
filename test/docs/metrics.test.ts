// docs/guide/metrics.md names the metrics that there are, and shows a line as a job writes it.

import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { MEANING, METRICS, type MetricName, prometheusName } from '../../src/names/metrics.ts'
import { copying, driven, records } from '../support/driven.ts'
import { kafkaEvent } from '../support/kafka-events.ts'

const PAGE = await readFile(join(resolve(import.meta.dirname, '../..'), 'docs/guide/metrics.md'), 'utf8')

const isName = (name: string): name is MetricName => name in METRICS

it('has a row for each metric, as code has it', () => {
  const rows = PAGE.match(/^\| `[A-Z]\w+` \| .*$/gm) ?? []
  const known = Object.keys(METRICS)
    .filter(isName)
    .map((name) => `| \`${name}\` | ${METRICS[name]} | ${MEANING[name]} | \`${prometheusName(name)}\` |`)
  expect(rows).toEqual(known)
})

it('shows the fields of a line, and no others', async () => {
  const lines: Readonly<Record<string, unknown>>[] = []
  const log = { info: (facts: object) => void lines.push({ ...facts }), warn() {}, error() {} }
  const one = driven(copying(), { metrics: 'emf', log })
  await one.deliver(records('lines-0', ['a']))
  await one.handler(kafkaEvent({ 'lines-0': [{ offset: 1, timestamp: 5000, value: 'b' }] }), { awsRequestId: 'r' })
  const [, shown = '{}'] = /```json\n([\s\S]*?)```/.exec(PAGE) ?? []
  const fields = Object.keys(JSON.parse(shown)).filter((name) => !['level', 'time', 'msg'].includes(name))
  const last = Object.keys(lines.at(-1) ?? {})
  expect(fields).toEqual(expect.arrayContaining(last))
  expect(fields.filter((name) => !last.includes(name)).every((name) => isName(name))).toBe(true)
})
