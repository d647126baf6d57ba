// What a load balancer and Prometheus ask: a small text of counters by hand, in the exposition format
// (https://prometheus.io/docs/instrumenting/exposition_formats/).

import { createServer, type Server } from 'node:http'
import { isGauge, MEANING, METRICS, type MetricName, prometheusName } from '../../names/metrics.ts'
import type { App, RunProgress } from './app.ts'
import { measuredOf } from './measured.ts'

const COUNTED: readonly (readonly [name: string, kind: string, help: string, of: (progress: RunProgress) => number])[] =
  [
    [prometheusName('Records'), 'counter', 'Records of invocations that succeeded.', ({ records }) => records],
    ['millrace_invocations_total', 'counter', 'Invocations with records.', ({ invocations }) => invocations],
    ['millrace_failures_total', 'counter', 'Invocations that failed.', ({ failures }) => failures],
    ['millrace_in_flight', 'gauge', 'Invocations under way.', ({ inFlight }) => inFlight],
    ['millrace_partitions', 'gauge', 'Partitions that this process reads.', ({ partitions }) => partitions.length],
  ]

/** What workers measure, but for records, which the process counts itself. */
const MEASURED = Object.keys(METRICS).filter((name): name is MetricName => name in METRICS && name !== 'Records')

export function metricsText(apps: readonly App[]): string {
  const counted = COUNTED.flatMap(([name, kind, help, of]) =>
    lines(name, kind, help, apps, ({ progress }) => of(progress)),
  )
  const measured = MEASURED.flatMap((name) =>
    lines(
      ...([prometheusName(name), isGauge(name) ? 'gauge' : 'counter', MEANING[name], apps] as const),
      (app) => measuredOf(app.name).get(name) ?? 0,
    ),
  )
  return `${[...counted, ...measured].join('\n')}\n`
}

function lines(name: string, kind: string, help: string, apps: readonly App[], of: (app: App) => number): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${kind}`,
    ...apps.map((app) => `${name}{job="${app.name.replace(/[\\"\n]/g, '_')}"} ${of(app)}`),
  ]
}

export function healthServer(apps: readonly App[], port: number, host = '127.0.0.1'): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url === '/metrics') {
      response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8')
      response.end(metricsText(apps))
    } else if (request.url === '/healthz') {
      const well = apps.every(({ state }) => state === 'ACTIVE')
      response.writeHead(well ? 200 : 503, { 'content-type': 'application/json' })
      response.end(JSON.stringify(Object.fromEntries(apps.map(({ name, state }) => [name, state]))))
    } else response.writeHead(404).end('There are /healthz and /metrics.\n')
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve(server))
  })
}
