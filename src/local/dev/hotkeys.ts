// What the keys of a session do.

import { setTimeout as sleep } from 'node:timers/promises'
import { nextWakeUp } from '../../runtime/wake-row.ts'
import type { DevJob } from './job.ts'
import type { Hotkey, Keys } from './keys.ts'
import type { Samples } from './samples.ts'
import { clockTime, plural, type Screen } from './screen.ts'
import { type DevSession, sessionTopics } from './session.ts'
import { standingOf } from './standing.ts'
import { describeState } from './state-view.ts'

/** An invocation that is over by then was too short to be killed, or has committed nothing. */
const SOON_MS = 2000
const MOST_TRIES = 20

export interface HotkeyContext {
  readonly session: DevSession
  readonly samples: Samples
  readonly screen: Screen
  readonly keys: Keys
  readonly quit: () => void
}

export function hotkeysOf(context: HotkeyContext): Hotkey[] {
  const { session, screen, quit } = context
  const forEach = (action: (job: DevJob) => Promise<void>) => async (): Promise<void> => {
    for (const job of session.jobs.values()) await action(job)
  }
  const hotkeys: Hotkey[] = [
    { key: 'p', what: 'produce a sample', run: () => produce(context) },
    { key: 'e', what: 'enter a record', run: () => enter(context) },
    { key: 't', what: 'move the clock on, to where something is due', run: () => moveOn(context) },
    { key: 'k', what: 'kill the worker in the middle of a commit', run: () => kill(context) },
    { key: 'r', what: 'replay the last batch', run: forEach((job) => replay(screen, job)) },
    {
      key: 's',
      what: 'look at state',
      run: forEach(async (job) => screen.say(...(await describeState(job.name, session.services)))),
    },
    {
      key: 'o',
      what: 'open the page',
      run: () => screen.say(...withoutPage(session)),
    },
    { key: 'c', what: 'clear', run: () => screen.clear() },
    { key: 'h', what: 'help', run: () => screen.say('', ...helpOf(hotkeys, screen)) },
    { key: 'q', what: 'quit', run: quit },
  ]
  return hotkeys
}

/** What shows the same. */
function withoutPage({ jobs, services }: DevSession): string[] {
  const [name = '<job>'] = jobs.keys()
  return [
    'There is no page in this version yet. Until then:',
    `  npx millrace status ${name}   where each task stands, what fails, when the job comes back`,
    '  s                         what its operators keep',
    `  ${services.objectsAt}   what it has written`,
  ]
}

export function helpOf(hotkeys: readonly Hotkey[], screen: Screen): string[] {
  return hotkeys.map(({ key, what }) => `  ${screen.paint('cyan', key)}  ${what}`)
}

async function produce({ session, samples, screen, keys }: HotkeyContext): Promise<string | undefined> {
  for (const topic of sessionTopics(session)) {
    const sample = await samples.of(topic)
    if (!sample) continue
    await session.append([sample])
    screen.note(`→ ${topic}: ${shortly(sample.value)}`)
    return topic
  }
  return enter({ session, samples, screen, keys })
}

async function enter({
  session,
  samples,
  screen,
  keys,
}: Pick<HotkeyContext, 'session' | 'samples' | 'screen' | 'keys'>): Promise<string | undefined> {
  const topics = sessionTopics(session)
  const [first] = topics
  if (first === undefined) {
    screen.warn('no job runs yet that reads a topic')
    return undefined
  }
  screen.status('')
  const topic = topics.length === 1 ? first : await keys.ask(`topic (${topics.join(', ')}): `)
  if (topic === undefined || !topics.includes(topic)) return undefined
  const value = await keys.ask(`value for ${topic}: `)
  if (value === undefined) return undefined
  await session.append([{ topic, value }])
  samples.set(topic, value)
  return topic
}

/** To the next wake-up of any job: what it closes is closed as if so much time had passed. */
async function moveOn({ session, screen }: HotkeyContext): Promise<void> {
  const { clock, services, jobs } = session
  const due = await Promise.all([...jobs.keys()].map((job) => nextWakeUp(services.table, job)))
  const next = due.filter((at) => at !== undefined && at > clock.now())
  if (next.length === 0) return screen.say('Nothing waits for the clock: no batch, window or timeout is open.')
  const at = Math.min(...next.map(Number))
  const seconds = (at - clock.now()) / 1000
  await session.moveClock(at - clock.now() + 1)
  screen.say(`⏩ clock moved on ${seconds.toFixed(1)} s, to ${clockTime(at)}: what is due then happens now`)
}

async function kill(context: HotkeyContext): Promise<void> {
  const { session, screen } = context
  const [job] = session.jobs.values()
  if (!job) return screen.warn('no job runs')
  const killed = job.worker.killNext()
  let hit = false
  for (let tries = 0; !hit && tries < MOST_TRIES; tries++) {
    if (!job.worker.busy && (await produce(context)) === undefined) return
    hit = await Promise.race([killed.then(() => true), sleep(SOON_MS, false)])
  }
  if (!hit) return screen.warn('no invocation lasted long enough: the next one will be killed')
  const after = await killed
  screen.say(screen.paint('red', `☠ worker killed (SIGKILL) ${after}`))
  screen.say(...(await accountOf(session, job)))
}

/** Waits until the job has caught up: what it has committed and what the topics hold are the same, then. */
async function accountOf({ services }: DevSession, job: DevJob): Promise<string[]> {
  for (let tries = 0; tries < 200; tries++) {
    const standing = await standingOf(services, job)
    if (standing.every(({ next, end }) => next >= end))
      return [
        '✔ nothing lost, nothing twice: the log goes on where the last commit ended',
        ...standing.flatMap(({ partition, next, end }) =>
          end > 0 ? [`  ${partition}: committed up to offset ${next} of ${end}, each once`] : [],
        ),
      ]
    await sleep(50)
  }
  return ['The job is still behind: the worker is busy, or fails; see above.']
}

async function replay(screen: Screen, job: DevJob): Promise<void> {
  const replayed = await job.replay()
  if (!replayed) return screen.say(`${job.name}: no batch was delivered in this session yet`)
  const { result, skipped, records } = replayed
  if (!result.ok) return
  const what = `⟲ ${job.name}: the last batch delivered again, ${plural(records, 'record')}`
  screen.say(skipped ? `${what}: already committed, skipped` : `${what}; other records came meanwhile`)
}

function shortly(value: string | Uint8Array | null | undefined): string {
  if (value === null || value === undefined) return 'no value'
  const text = typeof value === 'string' ? value : Buffer.from(value).toString('utf8')
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
