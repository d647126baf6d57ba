// `millrace doctor`: looks at everything that a job needs, from Node.js to the brokers, and says of what is wrong what to do. Nothing
// is changed but for a probe below our own prefix, which is removed again.

import { existsSync, readFileSync } from 'node:fs'
import { Command } from 'commander'
import { CLAIM_ROW } from '../names/rows.ts'
import type { StateTable } from '../stores/table.ts'
import { type BrokerFlags, kafkaOptionsOn, openClusterBeside } from './brokers.ts'
import { type Aws, awsServices } from './doctor/aws.ts'
import { checkBrokers } from './doctor/brokers.ts'
import { type Finding, failed, inWords, looked, ok, skipped } from './doctor/check.ts'
import { checkFunction } from './doctor/function.ts'
import { checkDuckdb, checkEnvFile, checkFolder, checkNode, checkSqlite } from './doctor/local.ts'
import { checkBucket, checkClock, checkCredentials, checkQueue, checkTable } from './doctor/services.ts'
import { EXIT } from './exit-codes.ts'
import { feedsOfJob, jobOfModule } from './job-of-module.ts'
import { list, object, text, withJson } from './json-output.ts'
import { withManual } from './manual.ts'
import { openPlace, type Place, type PlaceFlags, placeOptions } from './place.ts'

interface DoctorFlags extends PlaceFlags, BrokerFlags {
  readonly job?: string
  readonly json?: boolean
}

const FINDINGS = object(
  {
    healthy: { type: 'boolean' },
    findings: list(
      object(
        { check: text(), status: { type: 'string', enum: ['ok', 'failed', 'skipped'] }, found: text() },
        { remedy: text('what to do') },
      ),
    ),
  },
  { job: text() },
)

export function doctorCommand(): Command {
  const command = withJson(kafkaOptionsOn(placeOptions(new Command('doctor'))), FINDINGS)
    .description('look whether all that a job needs is there and right, and say what to do where it is not')
    .argument('[module|job]', 'a module that exports handlers, or the name of a job')
    .option('--job <name>', 'which of the jobs of the module')
    .action(runDoctor)
  return withManual(command, {
    examples: [
      ['millrace doctor shop-totals', 'a job that has run: its function, mappings and topics'],
      ['millrace doctor functions/totals.ts --brokers localhost:9092', 'a module, and the brokers that it is to read'],
    ],
    notes:
      "Ends with 1 when something is wrong. Writes one probe below the prefix of what is Millrace's own, and removes it.",
  })
}

async function runDoctor(what: string | undefined, flags: DoctorFlags): Promise<void> {
  const { job, findings } = await examine(what, flags, process.env)
  const healthy = findings.every(({ status }) => status !== 'failed')
  if (flags.json) console.log(JSON.stringify({ ...(job !== undefined && { job }), healthy, findings }))
  else for (const line of findings.flatMap(inWords)) console.log(line)
  if (!healthy) process.exitCode = EXIT.failed
}

/** What is to be examined, as far as it is known. */
interface Patient {
  readonly job: string | undefined
  readonly topics: readonly string[]
  readonly callsSql: boolean | undefined
  readonly findings: readonly Finding[]
}

type Variables = Readonly<Record<string, string | undefined>>

async function examine(
  what: string | undefined,
  flags: DoctorFlags,
  variables: Variables,
): Promise<{ job: string | undefined; findings: readonly Finding[] }> {
  const patient = await patientOf(what, flags)
  const findings = [checkNode(), checkSqlite(), checkDuckdb(patient.callsSql), checkEnvFile(), ...patient.findings]
  let place: Place | undefined
  findings.push(
    ...(await looked(
      'place',
      async () => {
        place = openPlace(flags, variables)
        return ok('place', place.name)
      },
      'Name where state is: --table and --bucket, or --dir.',
    )),
  )
  if (!place) return { job: patient.job, findings }
  try {
    findings.push(
      ...(place.folder === undefined
        ? await onAws(place, patient, flags, variables)
        : await inFolder(place, place.folder, patient, flags)),
    )
  } finally {
    place.close()
  }
  return { job: patient.job, findings }
}

/** A path, or else a name. */
async function patientOf(what: string | undefined, { job: name }: DoctorFlags): Promise<Patient> {
  if (what === undefined) return { job: undefined, topics: [], callsSql: undefined, findings: [] }
  if (!existsSync(what) && !/[/\\]|\.[cm]?[jt]s$/.test(what))
    return { job: what, topics: [], callsSql: undefined, findings: [] }
  let patient: Patient | undefined
  const findings = await looked(
    'module',
    async () => {
      const definition = await jobOfModule(what, name)
      const callsSql = /\.sql\s*[(`]/.test(readFileSync(what, 'utf8'))
      patient = { job: definition.name, topics: feedsOfJob(definition), callsSql, findings: [] }
      return ok('module', `${what} has job ${definition.name}`)
    },
    'Look at the error: the module is loaded as Lambda would.',
  )
  return { ...(patient ?? { job: name, topics: [], callsSql: undefined }), findings }
}

async function onAws(place: Place, patient: Patient, flags: DoctorFlags, variables: Variables): Promise<Finding[]> {
  const aws = awsServices(variables)
  try {
    const identity = await checkCredentials(aws)
    if (identity.some(({ status }) => status === 'failed'))
      return [...identity, skipped('table', 'nothing can be asked for without them')]
    return [...identity, ...(await examineAws(aws, place, patient, flags, variables))]
  } finally {
    aws.close()
  }
}

async function examineAws(
  aws: Aws,
  { table, objects, bucket, tableName }: Place,
  patient: Patient,
  flags: DoctorFlags,
  variables: Variables,
): Promise<Finding[]> {
  const stored = await checkTable(aws, tableName)
  const clock = checkClock(aws)
  const isThere = stored[0]?.status === 'ok'
  const claim = isThere ? await claimOf(table, patient.job) : undefined
  const topics = patient.topics.length > 0 ? patient.topics : (claim?.topics ?? [])
  const [buckets, of] = await Promise.all([
    checkBucket(aws, objects, bucket),
    checkFunction(aws, claim?.owner, { table: tableName, bucket, topics }),
  ])
  const queue = await checkQueue(aws, variables.MILLRACE_WAKE_QUEUE_URL ?? of.facts?.variables.MILLRACE_WAKE_QUEUE_URL)
  const isNamed = flags.brokers !== undefined || variables.KAFKA_BROKERS
  const { dir: _, ...brokers } = flags
  const kafka = await checkBrokers(
    isNamed ? () => openClusterBeside(brokers) : undefined,
    topics,
    claim?.counts ?? new Map(),
  )
  return [clock, ...stored, ...buckets, ...(claim?.findings ?? []), ...of.findings, ...queue, ...kafka]
}

async function inFolder(place: Place, folder: string, patient: Patient, flags: DoctorFlags): Promise<Finding[]> {
  const found = await checkFolder(folder)
  if (found.some(({ status }) => status === 'failed')) return [...found]
  const claim = await claimOf(place.table, patient.job)
  const topics = patient.topics.length > 0 ? patient.topics : (claim?.topics ?? [])
  const objects = await checkBucket(undefined, place.objects, place.bucket)
  const { brokers } = flags
  const own: BrokerFlags = brokers === undefined && !process.env.KAFKA_BROKERS ? { ...flags, dir: folder } : flags
  const kafka = await checkBrokers(() => openClusterBeside(own), topics, new Map())
  return [...found, ...objects, ...(claim?.findings ?? []), ...kafka]
}

interface Claim {
  /** The function that runs the job. */
  readonly owner: string | undefined
  readonly topics: readonly string[]
  /** With how many partitions it was deployed, where that is known. */
  readonly counts: ReadonlyMap<string, number>
  readonly findings: readonly Finding[]
}

async function claimOf(table: StateTable, job: string | undefined): Promise<Claim | undefined> {
  if (job === undefined) return undefined
  let claim: Claim | undefined
  const findings = await looked(
    `job ${job}`,
    async () => {
      const row = await table.getRow(job, CLAIM_ROW)
      if (!row)
        return failed(
          `job ${job}`,
          'it has never run here',
          'Look at the name and the place; a new job is there after its first record.',
        )
      const { owner, code, since } = row.data
      claim = { owner: String(owner), ...topicsIn(String(row.data.topics)), findings: [] }
      return ok(`job ${job}`, `run by ${owner}, code ${code}, since ${since}`)
    },
    'Allow dynamodb:GetItem on the table.',
  )
  return { owner: undefined, topics: [], counts: new Map(), ...claim, findings }
}

/** `lines:4 flights:?` */
function topicsIn(text: string): Pick<Claim, 'topics' | 'counts'> {
  const entries = text.split(' ').flatMap((entry) => {
    const [, topic, count] = /^(.+):(\d+|\?)$/.exec(entry) ?? []
    return topic === undefined ? [] : [{ topic, count: Number(count) }]
  })
  const known = entries.filter(({ count }) => Number.isInteger(count))
  return {
    topics: entries.map(({ topic }) => topic),
    counts: new Map(known.map(({ topic, count }) => [topic, count])),
  }
}
