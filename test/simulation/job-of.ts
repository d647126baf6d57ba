// The jobs of the simulation by name: what they are made of, and what must come out.

import type { Job, JobOptions, OffsetRange } from '../../src/index.ts'
import { derivedRandom, type Random } from '../../src/testing/simulation/random.ts'
import type { SimulatedRecord } from '../../src/testing/simulation/records.ts'
import {
  type DetailedReport,
  type SimulateOptions,
  simulateSeed,
  smallestStory,
} from '../../src/testing/simulation/simulate.ts'
import { MISHAPS } from '../../src/testing/simulation/troubles.ts'
import { bucketOf } from '../../src/values/hash.ts'
import { checkDeploys, type DeployKind } from './deploys/deploy-kind.ts'
import { DEPLOY_KINDS, type DeployKindName, LATEST_DEPLOYS } from './deploys/index.ts'
import { EFFECT_KINDS, type EffectKind, type EffectKindName, type Outside, TOLD } from './effects/index.ts'
import { type Contents, contentsOf, offsetsOf, withLines } from './expected.ts'
import { BATCH, type JobKind, KINDS, POISON, simulatedJob, TOPICS } from './jobs.ts'
import { type KindSpec, numberedWords } from './kind.ts'
import { statefulExpected } from './stateful-expected.ts'
import { ACCOUNTS, IN_PLACE_KINDS, OPENING, STATEFUL_KINDS, type StatefulKind, statefulJob } from './stateful-jobs.ts'
import { LATER_KINDS, LATEST_KINDS, NEWEST_KINDS, VALUE_KINDS, type ValueKind } from './values/index.ts'

export type Kind = SameKind | DeployKindName | EffectKindName
type SameKind = JobKind | StatefulKind | ValueKind | `${StatefulKind | ValueKind} in place`

const IN_PLACE: readonly Kind[] = IN_PLACE_KINDS.map((kind) => `${kind} in place` as const)
const VALUES: readonly Kind[] = valueKinds((kind) => ![...LATER_KINDS, ...LATEST_KINDS, ...NEWEST_KINDS].includes(kind))
const LATER: readonly Kind[] = valueKinds((kind) => LATER_KINDS.includes(kind))
const LATEST: readonly Kind[] = valueKinds((kind) => LATEST_KINDS.includes(kind))
const NEWEST: readonly Kind[] = valueKinds((kind) => NEWEST_KINDS.includes(kind))
const DEPLOYS: readonly Kind[] = Object.keys(DEPLOY_KINDS)
  .filter(isDeployKind)
  .filter((kind) => !LATEST_DEPLOYS.includes(kind))
const EFFECTS: readonly Kind[] = Object.keys(EFFECT_KINDS).filter(isEffectKind)

/** All there are. New ones stand at the end: the place of a kind decides its seeds. */
export const EVERY_KIND: readonly Kind[] = [
  ...KINDS,
  ...STATEFUL_KINDS,
  ...IN_PLACE,
  ...VALUES,
  ...DEPLOYS,
  ...LATER,
  ...EFFECTS,
  ...LATEST,
  ...LATEST_DEPLOYS,
  ...NEWEST,
]

/** Kinds that show something that is still open, and what: not among those that every test run simulates. */
export const OPEN: Partial<Record<Kind, string>> = {}

export const ALL_KINDS: readonly Kind[] = EVERY_KIND.filter((kind) => OPEN[kind] === undefined)

const WORDS = ['a1', 'a2', 'b1', 'b2', 'b3', 'c1'] as const

/** One seed of one kind of job, held against faultless runs and against what the kind's definition says. */
export async function simulateKind(named: Kind, seed: number, trace = false): Promise<DetailedReport> {
  const { define, options, check } = setUp(named, seed)
  const report = await simulateSeed(define, { ...options, ...mishaps(), trace })
  return report.violations.length > 0 ? report : { ...report, violations: check(report) }
}

/** The story of the smallest run that fails as this one did. */
export async function storyOfKind(named: Kind, seed: number, failed: DetailedReport): Promise<string> {
  const { define, options } = setUp(named, seed)
  return smallestStory(define, { ...options, ...mishaps() }, failed)
}

/** What may happen besides, when it is asked for: MILLRACE_MISHAPS='rest before seals' npm run simulate … */
function mishaps(): Pick<SimulateOptions, 'mishaps'> {
  const wanted = process.env.MILLRACE_MISHAPS?.split(',')
  return wanted ? { mishaps: MISHAPS.filter((mishap) => wanted.includes(mishap)) } : {}
}

interface SetUp {
  readonly define: (own: Random) => Job
  readonly options: SimulateOptions
  readonly check: (report: DetailedReport) => string[]
}

function setUp(named: Kind, seed: number): SetUp {
  const random = derivedRandom(seed, EVERY_KIND.indexOf(named))
  if (isDeployKind(named)) return setUpDeploys(DEPLOY_KINDS[named], random)
  return isEffectKind(named) ? setUpEffects(named, random) : setUpSame(named, random)
}

/** What it does after commits is held against the ledger by what is left of it outside. */
function setUpEffects(named: EffectKindName, random: Random): SetUp {
  const kind: EffectKind = EFFECT_KINDS[named]
  const jobOptions: JobOptions = {
    batch: BATCH,
    time: random.chance(0.2) ? 'arrival' : 'record',
    numPartitions: random.int(1, 4),
    idle: random.chance(0.1) ? 'run' : 'pause',
  }
  const outside: Outside = new Map()
  const version = (number: number) => (own: Random) => kind.define(jobOptions, outside, own, number)
  const options: SimulateOptions = {
    seed: random.int(0, 2 ** 31),
    deploys: random.pick([[], [], [version(2)], [version(2), version(1)]]),
    records: (own) => names('plain', own).slice(0, kind.most),
    allows: says('flaky'),
  }
  const check = ({ ledger }: DetailedReport): string[] => {
    const found = [...outside].filter(([id]) => id.includes(TOLD))
    const told = found
      .map(([id, { values, read }]) => ({ time: Number(id.split('/').at(-1)), values, read: read.map(asLine) }))
      .sort((a, b) => a.time - b.time)
    // A job that never rests is left in the middle of something.
    const last = jobOptions.idle === 'run' ? Math.max(0, told.at(-1)?.time ?? 0) : Number.POSITIVE_INFINITY
    const upTo = (contents: Contents) => withLines(contents).filter(([time]) => time <= last)
    return [
      ...differ(
        'outside',
        withLines(new Map(told.map(({ time, values }) => [time, values]))),
        upTo(contentsOf(ledger)),
      ),
      ...differ('offsets', withLines(new Map(told.map(({ time, read }) => [time, read]))), upTo(offsetsOf(ledger))),
    ]
  }
  return { define: version(1), options, check }
}

function asLine({ topic, partition, fromOffset, untilOffset }: OffsetRange): string {
  return `${topic} ${partition} ${fromOffset} ${untilOffset}`
}

/** Code that changes. */
function setUpDeploys(kind: DeployKind, random: Random): SetUp {
  const jobOptions: JobOptions = { batch: BATCH, numPartitions: random.int(1, 4) }
  const [define, ...later] = kind.versions.map((version) => () => version(jobOptions))
  if (!define) throw new RangeError('no version')
  const options: SimulateOptions = {
    seed: random.int(0, 2 ** 31),
    deploys: later.slice(0, random.int(1, later.length + 1)),
    alike: kind.alike ?? false,
    refusals: kind.refusals ?? [],
    givesUp: kind.givesUp ?? [],
    mends: kind.mends !== undefined,
    ...(kind.mishaps && { mishaps: kind.mishaps }),
    ...(kind.mends !== undefined && { allows: says(kind.mends) }),
    ...(kind.fails !== undefined && { allows: says(kind.fails) }),
    records: (own) => numberedWords(kind.inPlace ?? false, own),
  }
  return { define, options, check: (report) => checkDeploys(kind, report) }
}

/** Code that means the same all the time. */
function setUpSame(named: SameKind, random: Random): SetUp {
  const { kind, inPlace } = placeOf(named)
  const jobOptions: JobOptions = {
    batch: BATCH,
    time: random.chance(0.2) ? 'arrival' : 'record',
    numPartitions: random.int(1, 4),
    idle: isStateful(kind) && random.chance(0.1) ? 'run' : 'pause',
  }
  const version = (number: number) => (own: Random) => {
    if (isValueKind(kind)) return VALUE_KINDS[kind].define(jobOptions, inPlace, number)
    return isStateful(kind)
      ? statefulJob(kind, jobOptions, inPlace, number)
      : simulatedJob(kind, jobOptions, own, number)
  }
  const define = version(1)
  const deploys = random.pick([[], [], [], [version(2)], [version(2), define]])
  const options: SimulateOptions = {
    // Another seed for each kind, so that they do not all see the same schedule.
    seed: random.int(0, 2 ** 31),
    deploys,
    records: (own) => recordsOf(kind, inPlace, own),
    // User code that gives something else each time: what counts is the record's name.
    ...(kind === 'tokens' && { normalize: (line: string) => line.split(' ')[0] ?? '' }),
    ...(kind === 'flaky' && { allows: says('flaky') }),
  }
  const check = (report: DetailedReport): string[] => {
    if (isValueKind(kind)) return checkValues(VALUE_KINDS[kind], inPlace, report)
    return isStateful(kind) ? checkStateful(kind, inPlace, jobOptions, report) : checkNames(kind, report)
  }
  return { define, options, check }
}

function recordsOf(kind: JobKind | StatefulKind | ValueKind, inPlace: boolean, random: Random): SimulatedRecord[] {
  if (isValueKind(kind)) return VALUE_KINDS[kind].records(inPlace, random)
  return isStateful(kind) ? words(kind, inPlace, random) : names(kind, random)
}

function placeOf(named: Kind): { kind: JobKind | StatefulKind | ValueKind; inPlace: boolean } {
  const all = [...KINDS, ...STATEFUL_KINDS, ...Object.keys(VALUE_KINDS).filter(isValueKind)]
  const kind = all.find((one) => named === one || named === `${one} in place`)
  return { kind: kind ?? 'plain', inPlace: kind !== named }
}

function valueKinds(wanted: (kind: ValueKind) => boolean): Kind[] {
  return Object.keys(VALUE_KINDS)
    .filter(isValueKind)
    .filter(wanted)
    .flatMap((kind) => [kind, `${kind} in place` as const])
}

function isDeployKind(kind: string): kind is DeployKindName {
  return Object.hasOwn(DEPLOY_KINDS, kind)
}

function isEffectKind(kind: string): kind is EffectKindName {
  return Object.hasOwn(EFFECT_KINDS, kind)
}

function isValueKind(kind: string): kind is ValueKind {
  return Object.hasOwn(VALUE_KINDS, kind)
}

function isStateful(kind: string): kind is StatefulKind {
  return STATEFUL_KINDS.some((stateful) => stateful === kind)
}

/** Every record's text is its own name, so that outputs can be counted against records. */
function names(kind: JobKind, random: Random): SimulatedRecord[] {
  const most = kind === 'spilled' || kind === 'bulky' ? 12 : 60
  return Array.from({ length: random.int(1, most) }, (_, i) => ({
    value: `${kind === 'poison' && random.chance(0.15) ? POISON : ''}r${i}`,
  }))
}

/** Few words, so that keys meet; those of operators in place in one partition each. */
function words(kind: StatefulKind, inPlace: boolean, random: Random): SimulatedRecord[] {
  if (kind === 'bank' || kind === 'vault') return transfers(random)
  const partitions = random.int(1, 5)
  const large = kind === 'heavy' || kind === 'huge'
  const some = WORDS.slice(0, large ? random.int(1, 4) : random.int(1, WORDS.length + 1))
  const most = kind === 'heavy' ? 15 : kind === 'huge' ? 8 : 40
  return Array.from({ length: random.int(1, most) }, () => {
    const value = random.pick(some)
    return inPlace ? { value, topic: TOPICS[0], partition: bucketOf(value, partitions) } : { value }
  })
}

/** Between accounts; the total is what it was at the beginning. */
function transfers(random: Random): SimulatedRecord[] {
  const transfer = () => `${random.pick(ACCOUNTS)}>${random.pick(ACCOUNTS)}:${random.int(1, 50)}`
  return Array.from({ length: random.int(1, 40) }, () => ({ value: transfer() }))
}

function checkNames(kind: JobKind, { ledger, outputs, published }: DetailedReport): string[] {
  const contents = withLines(contentsOf(ledger))
  const good = contents.map(([time, all]) => [time, all.filter((name) => !name.startsWith(POISON))] as const)
  const poison = contents.flatMap(([, all]) => all.filter((name) => name.startsWith(POISON)))
  const set = published.quarantined.map((line) => Buffer.from(JSON.parse(line).value, 'base64').toString())
  const named = withLines(outputs.get('s3://results/all')).map(
    ([time, lines]) => [time, lines.map((line) => line.split(' ')[0] ?? '').sort()] as const,
  )
  const problems = [
    ...differ('all', named, withLines(new Map(good))),
    ...differ('what is in quarantine', set.sort(), poison.sort()),
  ]
  if (kind !== 'plain') return problems
  const tens = good.map(
    ([time, all]) => [time, all.filter((name) => name.endsWith('0')).map((name) => `"${name}"`)] as const,
  )
  return [...problems, ...differ('tens', withLines(outputs.get('s3://results/tens.json')), withLines(new Map(tens)))]
}

function checkStateful(
  kind: StatefulKind,
  inPlace: boolean,
  { idle }: JobOptions,
  { ledger, outputs }: DetailedReport,
): string[] {
  if (idle === 'run') return [] // the plainest definition is of batches with data
  const total = kind === 'bank' || kind === 'vault' ? checkTotal(outputs.get(`s3://results/${kind}`)) : []
  const differences = [...statefulExpected(kind, ledger, inPlace)].flatMap(([name, wanted]) =>
    differ(name, withLines(outputs.get(`s3://results/${name}`)).map(withoutBallast), [...wanted]),
  )
  return [...total, ...differences]
}

function checkValues({ expected }: KindSpec, inPlace: boolean, { ledger, outputs }: DetailedReport): string[] {
  return [...(expected?.(ledger, inPlace) ?? [])].flatMap(([name, wanted]) =>
    differ(name, withLines(outputs.get(`s3://results/${name}`)), withLines(wanted)),
  )
}

/** Money is neither made nor lost: at every T all accounts together have what they had at the beginning. */
function checkTotal(balances: Contents | undefined): string[] {
  return withLines(balances).flatMap(([time, lines]) => {
    const total = lines.reduce((sum, line) => sum + Number(line.split(' ')[1]), 0)
    return total === ACCOUNTS.length * OPENING ? [] : [`at T = ${time} all accounts together have ${total}`]
  })
}

/** A line's name and numbers. */
function withoutBallast([time, lines]: [number, readonly string[]]): [number, readonly string[]] {
  return [time, lines.map((line) => (line.length < 100 ? line : line.split(' ').slice(0, 2).join(' ')))]
}

/** Of lists by time the first that differs: whoever reads it has enough of that. */
function differ(what: string, actual: readonly unknown[], wanted: readonly unknown[]): string[] {
  const [a, w] = [actual, wanted].map((list) => list.map((one) => JSON.stringify(one)))
  const at = Array.from({ length: Math.max(actual.length, wanted.length) }, (_, i) => i).find((i) => a?.[i] !== w?.[i])
  return at === undefined ? [] : [`${what}: ${a?.[at] ?? 'nothing more'} instead of ${w?.[at] ?? 'nothing more'}`]
}

function says(words: string): (error: unknown) => boolean {
  return (error) =>
    typeof error === 'object' && error !== null && 'message' in error && String(error.message).includes(words)
}
