// Whether what other code has contributed to a batch arrives under this code: outputs that lack something get no `_SUCCESS` for
// it (I3), and what has nowhere to go is never passed over in silence (I7). Costs nothing while one plan has made everything.

import { type OnTheWay, RecordsOnTheWayError, SupersededError } from '../errors/deploy-errors.ts'
import { isInPlace, operatorOf, type Place, passedPlace, topicPlace } from '../names/edges.ts'
import type { PlanView } from '../plan/shape.ts'
import { frontierOf, type LogReader } from './closing/log-reader.ts'
import type { Log } from './environment.ts'
import type { Outline } from './held.ts'
import type { PlanName, Plans } from './plans.ts'
import { closedBy } from './time.ts'

/** What one commit has for one batch time. */
export interface Contribution {
  readonly place: Place
  readonly plan: PlanName
  readonly partial: Outline
  /** Of a source task: where what it does in place leaves, and whose commit has passed the batch, as far as known. */
  readonly passed?: { readonly place: Place; readonly plan: PlanName }
}

/** The same as it is written down. */
type Lacked = readonly [time: number, outputs: readonly string[]]

/** By batch time, the outputs that do not have it whole. */
export type Lacking = ReadonlyMap<number, ReadonlySet<string>>

export const NOTHING_LACKS: Lacking = new Map()

/** Of the batches that all source tasks have passed. Undefined as by `judge`. */
export async function judgeReached(
  plans: Plans,
  readers: readonly LogReader[],
  closedUntil: number,
  batch: number,
): Promise<Lacking | undefined> {
  const frontier = closedBy(frontierOf(readers), batch)
  const foreign = foreignIn(readers, plans, (time) => time > closedUntil && time <= frontier)
  return foreign.length > 0 ? judge(plans, foreign, closedUntil) : NOTHING_LACKS
}

/**
 * Looks whether other code has left elements on their way that have nowhere to go in this, before it runs.
 *
 * @throws RecordsOnTheWayError
 */
export async function refuseStrays(
  plans: Plans,
  readers: readonly LogReader[],
  closedUntil: number,
  batch: number,
): Promise<void> {
  await judgeNow(plans, foreignIn(readers, plans), closedUntil)
  // What a partition has not passed is in its own log. What no output of this code was to get waits there for code that knows it.
  const waiting: OnTheWay[] = []
  for (const reader of readers) {
    const passed = closedBy(reader.frontier, batch)
    for (const { place, plan, partial } of foreignIn([reader], plans, (time) => time > passed)) {
      const some = strays(plans.own, await plans.viewOf(plan), place, partial)
      waiting.push(...some.filter(({ edge, outputs }) => isInPlace(edge) && outputs.length > 0))
    }
  }
  const refused = waiting.filter(({ edge }) => !plans.accepted.has(operatorOf(edge)))
  if (refused.length > 0) throw new RecordsOnTheWayError(plans.job, refused)
}

/** Of the source tasks, what other code has had to do with; nothing when it is all of one plan. */
export function foreignIn(
  readers: readonly LogReader[],
  { own: { fingerprint: own }, kinds }: Plans,
  wanted: (time: number) => boolean = () => true,
): Contribution[] {
  return readers
    .filter((reader) => reader.isForeign(own))
    .flatMap((reader) => {
      const feed = kinds.feedOf(reader.task)
      const [place, passed] = [topicPlace(feed), passedPlace(feed)]
      const times = new Set(reader.openTimes.filter(wanted))
      return [...times].flatMap((time) =>
        reader.contributionsTo(time).flatMap(({ plan, partial }) => {
          const by = reader.passedBy(time)
          if (plan === own && (by === undefined || by === own)) return []
          return { place, plan, partial, passed: { place: passed, plan: by } }
        }),
      )
    })
}

/**
 * What outputs of this code lack of some batches.
 *
 * @param doneUntil batches up to here are closed, and whoever closed them may have run them.
 * @returns undefined when newer code has been deployed, which knows what this does not: the batches are its business.
 * @throws RecordsOnTheWayError when something has nowhere to go, and nobody has said that it may be dropped.
 */
export async function judge(
  plans: Plans,
  contributions: readonly Contribution[],
  doneUntil: number,
): Promise<Lacking | undefined> {
  const lacking = new Map<number, Set<string>>()
  const lack = (time: number, outputs: Iterable<string>): void => {
    const known = lacking.get(time) ?? new Set()
    for (const output of outputs) known.add(output)
    if (known.size > 0) lacking.set(time, known)
  }
  const onTheWay: OnTheWay[] = []
  let unknown = false
  for (const contribution of contributions) {
    const { place, plan, partial } = contribution
    const theirs = await plans.viewOf(plan)
    unknown ||= [...(theirs?.outputs ?? [])].some((output) => !plans.own.outputs.has(output))
    lack(partial.time, plan === undefined ? [] : missing(plans.own, theirs, place))
    lack(partial.time, await missingInPlace(plans, contribution, theirs))
    for (const some of strays(plans.own, theirs, place, partial)) {
      const done = some.time <= doneUntil && (await plans.hasRun(some.edge, some.bucket, some.time))
      if (!done && !isInPlace(some.edge)) onTheWay.push(some)
    }
  }
  const refused = onTheWay.filter(({ edge }) => !plans.accepted.has(operatorOf(edge)))
  if ((unknown || refused.length > 0) && (await plans.isSuperseded())) return undefined
  if (refused.length > 0) throw new RecordsOnTheWayError(plans.job, refused)
  for (const { time, outputs } of onTheWay) lack(time, outputs)
  if (onTheWay.length > 0)
    plans.environment.log.warn({ dropped: onTheWay }, 'records on their way are dropped, as accepted')
  return lacking
}

/** The same for those who must not leave it to others. @throws SupersededError */
export async function judgeNow(
  plans: Plans,
  contributions: readonly Contribution[],
  doneUntil: number,
): Promise<Lacking> {
  if (contributions.length === 0) return NOTHING_LACKS
  const lacking = await judge(plans, contributions, doneUntil)
  if (!lacking) throw new SupersededError(plans.job)
  return lacking
}

interface Closing {
  readonly closed: readonly number[]
  readonly lacking?: readonly Lacked[]
}

/** Says which batches are not whole, and once from which on outputs are complete again. */
export function tellLacking(log: Log, last: Closing, { closed, lacking = [] }: Closing): void {
  for (const [time, outputs] of lacking) {
    log.warn(
      { time, outputs },
      'outputs do not have a batch whole, since other code had a part in it: no _SUCCESS under it',
    )
  }
  const told = firstWhole(last.closed, last.lacking) !== undefined
  const lacked = [...(told ? [] : (last.lacking ?? [])), ...lacking]
  const time = firstWhole(closed, lacked)
  const outputs = [...new Set(lacked.flatMap(([, some]) => some))]
  if (time !== undefined && outputs.length > 0) log.info({ time, outputs }, 'outputs are complete from this batch on')
}

function firstWhole(closed: readonly number[], lacking: readonly Lacked[] = []): number | undefined {
  return closed.find((time) => lacking.every(([lacked]) => lacked < time))
}

export function together(some: Lacking, others: Lacking): Lacking {
  if (some.size === 0 || others.size === 0) return some.size === 0 ? others : some
  const all = new Map(some)
  for (const [time, outputs] of others) all.set(time, new Set([...(all.get(time) ?? []), ...outputs]))
  return all
}

/** Outputs to which this code would have sent something that theirs has not. */
function missing(own: PlanView, theirs: PlanView | undefined, place: Place): string[] {
  return own
    .outputsOf(place)
    .filter((output) => [...own.exits(place, output)].some((e) => !isInPlace(e) && !theirs?.sends(place, output, e)))
}

/** What runs in place is judged by whoever has passed the batch: it must have what was carried, and know this code's outputs. */
async function missingInPlace(
  plans: Plans,
  { place, plan, partial, passed }: Contribution,
  theirs: PlanView | undefined,
): Promise<string[]> {
  const { own } = plans
  if (!passed || passed.plan === undefined || plan === undefined) return []
  const by = await plans.viewOf(passed.plan)
  const sent = partial.shuffle.map(([edge]) => edge).filter(isInPlace)
  const outputs = [...own.outputs].filter((output) => {
    const [carried, taken] = [theirs?.exits(place, output), by?.exits(place, output)]
    const had = [...(taken ?? [])].every((exit) => !isInPlace(exit) || theirs?.sends(place, output, exit))
    const used = sent.every((edge) => !carried?.has(edge) || taken?.has(edge))
    return !had || !used
  })
  return [...new Set([...outputs, ...missing(own, by, passed.place)])]
}

/** What is on edges that lead nowhere in this code, or no longer to an output that it was meant for. */
export function strays(
  own: PlanView,
  theirs: PlanView | undefined,
  place: Place,
  { time, shuffle }: Outline,
): OnTheWay[] {
  return shuffle.flatMap(([edge, bucket, { length: records }]) => {
    if (records === 0) return []
    const [here, there] = [own.edge(place, edge), theirs?.edge(place, edge)]
    const meant = theirs ? theirs.outputsBehind(place, edge) : own.outputsOf(place)
    const known = here && bucket < here.buckets && (!there || there.how === here.how)
    const astray = meant.filter((o) => own.outputs.has(o) && !own.exits(place, o).has(edge))
    if (known && (astray.length === 0 || !theirs)) return []
    const outputs = known ? astray : meant.filter((o) => own.outputs.has(o))
    return { time, edge, bucket, records, outputs }
  })
}
