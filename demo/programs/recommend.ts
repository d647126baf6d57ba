// Page views of 40 users for two hours; some of them stay away for longer than a profile is kept.

import { seededRandom } from '../../src/testing/simulation/random.ts'
import type { TopicRecord } from '../topic.ts'
import { byBatch, type Program } from './program.ts'

const BATCH = 60_000
const TIMEOUT = 30 * 60_000
const PAGES = ['/', '/news', '/shoes', '/hats', '/gloves', '/cart', '/__proto__', '/help']

export const RECOMMEND: Program = {
  name: 'recommend',
  topic: ['VIEWS', 'views'],
  what: 'page views of 40 users, two hours of them',
  batch: BATCH,
  batches: 'one minute',
  shows: 'recommendations',
  records(start) {
    const random = seededRandom(4)
    const records: TopicRecord[] = []
    for (let minute = 0; minute < 120; minute++) {
      for (let user = 0; user < 40; user++) {
        const away = user % 5 === 0 && minute > 40 + user && minute < 75 + user
        if (away || !random.chance(0.3)) continue
        const value = JSON.stringify({
          user: `user-${user}`,
          page: PAGES[random.int(0, random.int(1, PAGES.length + 1))],
        })
        records.push({ key: `user-${user}`, value, timestamp: start + minute * 60_000 + random.int(0, 60_000) })
      }
    }
    return records.sort((a, b) => a.timestamp - b.timestamp)
  },
  recount(records) {
    const views = new Map<string, Map<number, string[]>>()
    for (const [time, values] of byBatch(records)) {
      for (const value of values) {
        const { user, page }: { user: string; page: string } = JSON.parse(value)
        const batches = views.get(user) ?? new Map<number, string[]>()
        views.set(user, batches.set(time, [...(batches.get(time) ?? []), page]))
      }
    }
    const lines = new Map<number, string[]>()
    for (const [user, batches] of views) {
      const times = [...batches.keys()]
      let profile: string[] = []
      const say = (time: number, gone: boolean): void => {
        const often = (page: string): number => profile.filter((one) => one === page).length
        const pages = [...new Set(profile)].sort().sort((a, b) => often(b) - often(a))
        lines.set(time, [...(lines.get(time) ?? []), JSON.stringify({ user, pages: pages.slice(0, 3), gone })])
      }
      for (const [i, time] of times.entries()) {
        profile.push(...(batches.get(time) ?? []))
        say(time, false)
        const out = time + TIMEOUT + BATCH
        if ((times[i + 1] ?? Number.POSITIVE_INFINITY) <= out) continue
        say(out, true)
        profile = []
      }
    }
    return { recommendations: lines }
  },
}
