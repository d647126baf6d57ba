import { expect, it } from 'vitest'
import type { App } from '../../../src/local/run/app.ts'
import { metricsText } from '../../../src/local/run/health.ts'
import { measuredOf, measuring } from '../../../src/local/run/measured.ts'
import { METRICS, prometheusName } from '../../../src/names/metrics.ts'

const line = (facts: object) => JSON.stringify({ level: 30, time: 1, ...facts, msg: 'invocation' })

function watched(job: string, given?: string) {
  const shown: string[] = []
  return { shown, ...measuring(job, given, (text, stream) => void shown.push(`${stream} ${text}`)) }
}

it('adds up what invocations say, and keeps how things stand', () => {
  const { MILLRACE_METRICS, onLog, shown } = watched('adds')
  expect(MILLRACE_METRICS).toBe('line')
  onLog(line({ LateRecords: 2, OpenBatches: 5, FrontierDelay: 900 }), 'stdout')
  onLog(line({ LateRecords: 3, OpenBatches: 1 }), 'stdout')
  const values = measuredOf('adds')
  expect([values.get('LateRecords'), values.get('OpenBatches'), values.get('FrontierDelay')]).toEqual([5, 1, 0])
  expect(shown).toEqual([])
})

it('lets all else through: what a job prints, what it warns of, what looks alike', () => {
  const { onLog, shown } = watched('prints')
  const others = ['(a,1)', '{"level":40,"msg":"x"}', `{"level":30,"LateRecords":1 "msg":"invocation"}`]
  for (const text of others) onLog(text, 'stdout')
  onLog(line({ LateRecords: 1 }), 'stderr')
  expect(shown).toEqual([...others.map((text) => `stdout ${text}`), `stderr ${line({ LateRecords: 1 })}`])
  expect(measuredOf('prints').size).toBe(0)
})

it('shows the lines to who wants them, and measures all the same', () => {
  const { MILLRACE_METRICS, onLog, shown } = watched('shows', 'line')
  onLog(line({ LateRecords: 1 }), 'stdout')
  expect([MILLRACE_METRICS, shown.length, measuredOf('shows').get('LateRecords')]).toEqual(['line', 1, 1])
  expect(watched('off', 'off').MILLRACE_METRICS).toBe('off')
})

it('is served under names of Prometheus, each once', () => {
  watched('served').onLog(line({ QuarantinedRecords: 7 }), 'stdout')
  const progress = { invocations: 1, records: 9, failures: 0, inFlight: 0, partitions: [] }
  const app: App = {
    ...{ name: 'served', state: 'ACTIVE', progress },
    ...{ start: async () => {}, awaitTermination: async () => true, stop: async () => {} },
  }
  const text = metricsText([app])
  expect(text).toContain('millrace_quarantined_records_total{job="served"} 7\n')
  expect(text).toContain('millrace_records_total{job="served"} 9\n')
  for (const name of Object.keys(METRICS).filter((name): name is keyof typeof METRICS => name in METRICS))
    expect(text.split(`# TYPE ${prometheusName(name)} `)).toHaveLength(2)
})
