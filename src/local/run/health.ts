// What a load balancer and Prometheus ask: a small text of counters by hand, in the exposition format
// (https://prometheus.io/docs/instrumenting/exposition_formats/).

import { createServer, type Server } from 'node:http'
import type { App, RunProgress } from './app.ts'

const METRICS: readonly (readonly [name: string, kind: string, help: string, of: (progress: RunProgress) => number])[] =
  [
    ['millrace_records_total', 'counter', 'Records of invocations that succeeded.', ({ records }) => records],
    ['millrace_invocations_total', 'counter', 'Invocations with records.', ({ invocations }) => invocations],
    ['millrace_failures_total', 'counter', 'Invocations that failed.', ({ failures }) => failures],
    ['millrace_in_flight', 'gauge', 'Invocations under way.', ({ inFlight }) => inFlight],
    ['millrace_partitions', 'gauge', 'Partitions that this process reads.', ({ partitions }) => partitions.length],
  ]

export function metricsText(apps: readonly App[]): string {
  const lines = METRICS.flatMap(([name, kind, help, of]) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${kind}`,
    ...apps.map((app) => `${name}{job="${app.name.replace(/[\\"\n]/g, '_')}"} ${of(app.progress)}`),
  ])
  return `${lines.join('\n')}\n`
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
