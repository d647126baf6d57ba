// What the workers of this process have measured, by job, for /metrics: they say it in the line of each invocation
// (lambda/invocation-line.ts). Whatever else they write goes on to where it would have gone.

import { isGauge, METRICS, type MetricName } from '../../names/metrics.ts'

type Stream = 'stdout' | 'stderr'

const byJob = new Map<string, Map<MetricName, number>>()

/** Nothing yet: an empty one. Gauges are as the last invocation left them. */
export function measuredOf(job: string): ReadonlyMap<MetricName, number> {
  return byJob.get(job) ?? new Map()
}

/**
 * @param given what MILLRACE_METRICS says, if the user has set it: then lines are shown, or there are none.
 * @param write where lines go.
 */
export function measuring(
  job: string,
  given: string | undefined,
  write: (line: string, stream: Stream) => void = (line, stream) => void process[stream].write(`${line}\n`),
): { readonly MILLRACE_METRICS: string; readonly onLog: (line: string, stream: Stream) => void } {
  const shown = given !== undefined && given !== ''
  const values = byJob.get(job) ?? new Map<MetricName, number>()
  byJob.set(job, values)
  return {
    MILLRACE_METRICS: shown ? given : 'line',
    onLog(line, stream) {
      const said = stream === 'stdout' ? invocation(line) : undefined
      if (said) take(values, said)
      if (!said || shown) write(line, stream)
    },
  }
}

/** What a job prints may look like anything, so a line has to be all that one is. */
function invocation(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{"level":30,') || !line.endsWith('"msg":"invocation"}')) return undefined
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function take(values: Map<MetricName, number>, said: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(METRICS)) {
    const value = said[name]
    if (!isName(name) || (typeof value !== 'number' && !isGauge(name))) continue
    const now = typeof value === 'number' ? value : 0
    values.set(name, isGauge(name) ? now : (values.get(name) ?? 0) + now)
  }
}

const isName = (name: string): name is MetricName => name in METRICS
