// What the same feed would cost otherwise: managed Flink, Lambda Managed Instances, durable functions. As far as prices are known, and from
// which rate on it would be cheaper.

import type { JobDefinition } from '../graph/job.ts'
import type { Load } from './assumptions.ts'
import { ratesOf, usageOf } from './predict.ts'
import type { Item } from './prices.ts'
import { billOf, HOURS_PER_MONTH, SECONDS_PER_MONTH, type Usage } from './usage.ts'

export interface Alternative {
  readonly name: string
  readonly dollars: number
  /** Compared with what: the whole of ours, or a part of it. */
  readonly insteadOf: number
  /** From so many records a second on it is cheaper; undefined: at no rate that one job reaches. */
  readonly breakEven: number | undefined
  readonly note: string
  readonly assumed: readonly Item[]
}

/** Records a second of one KPU, which is a vCPU with 4 GB: an assumption on the generous side. */
const RECORDS_PER_KPU = 50_000
/** https://docs.aws.amazon.com/managed-flink/latest/java/how-pricing.html: one more for orchestration, 50 GB of storage for each. */
const ORCHESTRATION = 1
const GB_PER_KPU = 50
/** Lambda keeps three instances in as many zones unless told otherwise. https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances.html */
const INSTANCES = 3
/** vCPUs and share of them that is put to use. */
const CPUS_PER_INSTANCE = 4
const BUSY = 0.7
const MOST_RATE = 1_000_000

export function alternatives(job: JobDefinition, load: Load): Alternative[] {
  return [flink, managedInstances, durable].map((one) => compared(one, job, load))
}

interface Kind {
  readonly name: string
  readonly note: string
  /** The part of ours that it takes the place of; undefined: all of it. */
  readonly replaces: ((item: Item) => boolean) | undefined
  usage(job: JobDefinition, load: Load): Usage
}

const flink: Kind = {
  name: 'Amazon Managed Service for Apache Flink',
  note: `one KPU for each ${RECORDS_PER_KPU.toLocaleString('en')} records a second (assumed) and one for orchestration, which run whether anything arrives or not; pollers, S3 requests and storage of results not counted`,
  replaces: undefined,
  usage(_, { rate }) {
    const kpus = Math.max(1, Math.ceil(rate / RECORDS_PER_KPU))
    return { 'flink.kpuHour': (kpus + ORCHESTRATION) * HOURS_PER_MONTH, 'flink.gbMonth': kpus * GB_PER_KPU }
  },
}

const managedInstances: Kind = {
  name: 'Lambda Managed Instances',
  note: `c7g.xlarge on demand with the fee of 15 %, three of them at least, instead of GB-seconds; table and objects cost the same`,
  replaces: (item) => item === 'lambda.gbSecond.arm64' || item === 'lambda.gbSecond.x86_64',
  usage(job, load) {
    const cpus = ratesOf(job, load).concurrency * (load.memory / 1769)
    return {
      'lambda.managedInstanceHour': Math.max(INSTANCES, Math.ceil(cpus / CPUS_PER_INSTANCE / BUSY)) * HOURS_PER_MONTH,
    }
  },
}

const durable: Kind = {
  name: 'Lambda durable functions',
  note: 'one durable operation and its data for each micro-batch of a task, instead of table writes; it keeps no state by key and closes no windows',
  replaces: (item) => item.startsWith('dynamodb.'),
  usage(job, load) {
    const { commits, logBytes } = ratesOf(job, load)
    const written = (logBytes * SECONDS_PER_MONTH) / 1e9
    return {
      'lambda.durableOperation': commits * SECONDS_PER_MONTH,
      'lambda.durableGbWritten': written,
      'lambda.durableGbMonth': written * Math.min(1, job.settings.retention / 1000 / SECONDS_PER_MONTH),
    }
  },
}

function compared(kind: Kind, job: JobDefinition, load: Load): Alternative {
  const at = (rate: number): { theirs: number; ours: number; assumed: readonly Item[] } => {
    const scaled = { ...load, rate }
    const bill = billOf(usageOf(ratesOf(job, scaled), scaled, job.settings.retention), load.region)
    const ours = bill.lines.filter(({ item }) => kind.replaces?.(item) ?? true)
    const theirs = billOf(kind.usage(job, scaled), load.region)
    return {
      theirs: theirs.dollars,
      ours: ours.reduce((sum, { dollars }) => sum + dollars, 0),
      assumed: theirs.assumed,
    }
  }
  const { theirs, ours, assumed } = at(load.rate)
  return { name: kind.name, note: kind.note, dollars: theirs, insteadOf: ours, breakEven: breakEven(at), assumed }
}

/** The least rate at which theirs is cheaper; halves a range ten times, since both only grow. */
function breakEven(at: (rate: number) => { theirs: number; ours: number }): number | undefined {
  const cheaper = (rate: number): boolean => {
    const { theirs, ours } = at(rate)
    return theirs < ours
  }
  if (!cheaper(MOST_RATE)) return undefined
  let [low, high] = [0.001, MOST_RATE]
  for (let i = 0; i < 40; i++) {
    const middle = Math.sqrt(low * high)
    if (cheaper(middle)) high = middle
    else low = middle
  }
  return high
}
