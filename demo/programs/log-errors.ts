// Logs of three services for two hours, each of which has its bad minutes, and what is unusual in them, from all counts at once.

import { seededRandom } from '../../src/testing/simulation/random.ts'
import type { TopicRecord } from '../topic.ts'
import { byBatch, type Program } from './program.ts'

const MINUTE = 60_000
/** Errors a minute, and the minutes in which there are many more. */
const SERVICES = [
  ['checkout', 4, [25, 70]],
  ['search', 2, [40]],
  ['mail', 0.3, [90]],
] as const

export const LOG_ERRORS: Program = {
  name: 'log-errors',
  topic: ['LOG', 'log'],
  what: 'lines of the logs of three services, two hours of them',
  batch: MINUTE,
  batches: 'one minute',
  shows: 'alerts',
  records(start) {
    const random = seededRandom(10)
    const records: TopicRecord[] = []
    const say = (minute: number, text: string): void => {
      const timestamp = start + minute * MINUTE + random.int(0, MINUTE)
      records.push({
        key: `host-${random.int(0, 7)}`,
        value: `${new Date(timestamp).toISOString()} ${text}`,
        timestamp,
      })
    }
    for (let minute = 0; minute < 120; minute++) {
      for (const [service, rate, bad] of SERVICES) {
        const errors = bad.some((one) => one === minute) ? 20 : random.int(0, Math.ceil(2 * rate) + 1)
        for (let i = 0; i < errors; i++) say(minute, `${random.pick(['ERROR', 'FATAL'])} ${service} no answer`)
        for (let i = 0; i < 4; i++) say(minute, `INFO ${service} ERROR is but a word here`)
        if (errors > 3) say(minute, '    at Till.open (till.js:12:7)')
      }
    }
    return records.sort((a, b) => a.timestamp - b.timestamp)
  },
  recount(records) {
    const counts = new Map<string, Map<number, number>>()
    const errors = new Map<number, string[]>()
    for (const [time, lines] of byBatch(records)) {
      for (const line of lines) {
        const [, level, service = ''] = line.split(' ')
        if (level !== 'ERROR' && level !== 'FATAL') continue
        const minutes = counts.get(service) ?? new Map<number, number>()
        counts.set(service, minutes.set(time, (minutes.get(time) ?? 0) + 1))
      }
    }
    const alerts = new Map<number, string[]>()
    for (const [service, minutes] of counts) {
      const [first = 0] = minutes.keys()
      for (const [time, n] of minutes) {
        errors.set(time, [...(errors.get(time) ?? []), JSON.stringify({ service, errors: n })])
        const past = Array.from({ length: (time - first) / MINUTE }, (_, i) => minutes.get(first + i * MINUTE) ?? 0)
        if (past.length < 10) continue
        const mean = past.reduce((a, b) => a + b, 0) / past.length
        const variance = past.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (past.length - 1)
        const deviation = Math.max(1, Math.sqrt(variance))
        const z = (n - mean) / deviation
        const minute = new Date(time - MINUTE).toISOString()
        const alert = JSON.stringify({ service, minute, errors: n, mean, deviation, z })
        if (z > 3) alerts.set(time, [...(alerts.get(time) ?? []), alert])
      }
    }
    return { errors, alerts }
  },
}
