// `millrace cost`: what a job will cost in a month, of what, and from where on something else would be cheaper; and what it has used.

import { Command, InvalidArgumentError, Option } from 'commander'
import { type Alternative, alternatives } from '../cost/alternatives.ts'
import { DEFAULTS } from '../cost/assumptions.ts'
import { type Forecast, forecastOf, type GivenLoad } from '../cost/forecast.ts'
import { type Measured, measuredOf } from '../cost/measured.ts'
import { REGIONS } from '../cost/prices.ts'
import { billOf, itemInWords, SECONDS_PER_MONTH } from '../cost/usage.ts'
import { NotFoundError } from '../errors/cli-errors.ts'
import { InvalidOptionError } from '../errors/errors.ts'
import { columns } from './columns.ts'
import { COST } from './cost-schema.ts'
import { jobOfModule } from './job-of-module.ts'
import { withJson } from './json-output.ts'
import { type Manual, NO_JOB, withManual } from './manual.ts'
import { openPlace, type PlaceFlags, placeOptions } from './place.ts'

interface CostFlags extends PlaceFlags, Partial<Omit<GivenLoad, 'architecture'>> {
  readonly arch?: GivenLoad['architecture']
  readonly job?: string
  readonly measured?: string
  readonly json?: boolean
}

const MANUAL: Manual = {
  notes: `Free tiers are not counted, and neither are Kafka itself, a NAT gateway and data that leaves AWS. What you do not say is assumed, and
the answer says so. Prices stand in one file with source and date (src/cost/prices.ts): ${REGIONS.join(', ')}.`,
  examples: [
    ['millrace cost functions/words.ts --rate 500/s --size 200', 'a month of five hundred records a second'],
    [
      'millrace cost functions/words.ts --rate 30/m --size 2KB --region eu-central-1 --memory 512',
      'a quiet feed in Frankfurt',
    ],
    ['millrace cost functions/words.ts --size 200 --measured hot-words', 'what was used, beside what is predicted'],
  ],
  exits: { 4: NO_JOB },
}

export function costCommand(): Command {
  const command = withJson(new Command('cost'), COST, 'the bill, its assumptions and alternatives as JSON')
    .description('predict what a job costs in a month, of what, and from where on something else is cheaper')
    .argument('[module]', 'the module whose handler was made by lambda(job)')
    .option('--rate <n/s>', 'records a second, of all topics: 500/s, 30/m, 1000/h', rate)
    .option('--size <bytes>', "of a record's value: 200, 2KB", size)
    .option('--job <name>', 'the job, if the module has several')
    .option('--region <name>', `whose prices count: ${REGIONS.join(', ')} (default: ${DEFAULTS.region})`)
    .addOption(
      new Option('--arch <name>', `of the function (default: ${DEFAULTS.architecture})`).choices(['arm64', 'x86_64']),
    )
    .option('--memory <MB>', `of the function (default: ${DEFAULTS.memory})`, positive)
    .option('--partitions <n>', `of each topic (default: ${DEFAULTS.partitions})`, positive)
    .option('--window <seconds>', `MaximumBatchingWindowInSeconds (default: ${DEFAULTS.window})`, number)
    .option('--batch-size <n>', `records of an event at most (default: ${DEFAULTS.batchSize})`, positive)
    .option('--pollers <n>', 'provisioned pollers, of all topics (default: on demand)', positive)
    .option('--keys <n>', `distinct keys (default: ${DEFAULTS.keys})`, positive)
    .option(
      '--keep <factor>',
      `elements that get to outputs and shuffles for each record: 0.1 where filters leave a tenth, 8 where flatMap makes eight (default: ${DEFAULTS.keep})`,
      factor,
    )
    .option('--value <bytes>', `of what travels with a key uncombined (default: ${DEFAULTS.value})`, size)
    .option('--compressed <share>', `bytes after zstd for one before (default: ${DEFAULTS.compressed})`, share)
    .option('--measured <job>', 'what the log of a job says that it has used')
  return withManual(placeOptions(command).action(runCost), MANUAL)
}

async function runCost(module: string | undefined, flags: CostFlags): Promise<void> {
  const measured = flags.measured === undefined ? undefined : await measure(flags.measured, flags)
  if (module === undefined && !measured)
    throw new InvalidOptionError(
      'Which job? Name its module, such as functions/words.ts, or a job that runs with --measured.',
    )
  const forecast = module === undefined ? undefined : await predict(module, flags, measured)
  const others = forecast ? forecast.others : []
  if (flags.json) {
    console.log(JSON.stringify(inJson(forecast?.forecast, others, measured, flags.region)))
    return
  }
  const lines = [
    ...(forecast ? forecastLines(forecast.forecast, others) : []),
    ...(measured ? measuredLines(measured, forecast?.forecast, flags.region) : []),
  ]
  for (const line of lines) console.log(line)
}

async function predict(module: string, flags: CostFlags, measured: Measured | undefined) {
  const { rate: given = measured?.records, size: bytes, arch, partitions = measured?.tasks } = flags
  if (given === undefined) throw new InvalidOptionError('How much is read? Pass --rate, such as 500/s.')
  if (bytes === undefined)
    throw new InvalidOptionError("How large is a record's value? Pass --size, such as 200 for 200 bytes.")
  if (flags.region !== undefined && !REGIONS.includes(flags.region))
    console.error(`No prices of ${flags.region} are known here: those of us-east-1 are taken.`)
  const job = await jobOfModule(module, flags.job)
  const { region, memory, window, batchSize, pollers, keys, keep, value, compressed } = flags
  const forecast = forecastOf(job, {
    rate: given,
    size: bytes,
    architecture: arch,
    partitions,
    region,
    memory,
    window,
    batchSize,
    pollers,
    keys,
    keep,
    value,
    compressed,
  })
  return { forecast, others: alternatives(job, forecast.load) }
}

async function measure(job: string, flags: CostFlags): Promise<Measured> {
  const place = openPlace(flags)
  try {
    const measured = await measuredOf(job, { ...place, bucket: place.bucket ?? '' })
    if (measured && Number.isFinite(measured.from)) return measured
    throw new NotFoundError(
      `${place.name} holds ${measured ? 'too little' : 'nothing'} of a job '${job}'. Check the name, --table, --dir and AWS_ENDPOINT_URL.`,
    )
  } finally {
    place.close()
  }
}

function forecastLines(forecast: Forecast, others: readonly Alternative[]): string[] {
  const { job, load, rates, bill, perMillionRecords, assumptions, warnings } = forecast
  const { invocations, duration, commits, writeUnits, puts } = rates
  const rows = bill.lines.map((line) => [itemInWords(line.item), amount(line.amount), dollars(line.dollars)])
  return [
    `${job}: ${dollars(bill.dollars)} a month at ${load.rate} records/s of ${load.size} B in ${load.region}, ${dollars(perMillionRecords)} per million records`,
    '',
    ...columns([['a month of', 'amount', 'dollars'], ...rows]),
    '',
    `each second: ${amount(invocations)} invocations of ${Math.round(duration)} ms, ${amount(commits)} commits, ${amount(writeUnits)} write units, ${amount(puts)} PUTs`,
    ...warnings.map((warning) => `warning: ${warning}`),
    '',
    'instead:',
    ...others.map(
      (one) =>
        `  ${one.name}: ${dollars(one.dollars)}, instead of ${dollars(one.insteadOf)}; ` +
        `${one.breakEven === undefined ? 'not cheaper up to 1,000,000 records/s' : `cheaper from some ${amount(one.breakEven)} records/s on`} (${one.note}${one.assumed.length > 0 ? '; price of us-east-1' : ''})`,
    ),
    '',
    'assumed:',
    ...assumptions.map((one) => `  ${one}`),
  ]
}

/** What commits tell: not invocations, nor how long they took. */
function measuredLines(measured: Measured, forecast: Forecast | undefined, region?: string): string[] {
  const { job, from, until, records } = measured
  const bill = measuredBill(measured, region)
  const predicted = forecast?.rates
  const row = (what: string, counted: number, foretold: number | undefined) => [
    what,
    amount(counted),
    ...(foretold === undefined
      ? []
      : [amount(foretold), counted > 0 ? `${Math.round((foretold / counted - 1) * 100)} %` : '-']),
  ]
  return [
    ...(forecast ? [''] : []),
    `${job}, measured from ${new Date(from).toISOString()} to ${new Date(until).toISOString()}: ${amount(records)} records/s`,
    '',
    ...columns([
      ['each second', 'measured', ...(predicted ? ['predicted', 'off by'] : [])],
      row('commits', measured.commits, predicted?.commits),
      row('write units', measured.writeUnits, predicted?.writeUnits),
      row('bytes of the log', measured.logBytes, predicted?.logBytes),
      row('objects', measured.puts, predicted?.puts),
    ]),
    '',
    `table and objects at this pace: ${dollars(bill.dollars)} a month. Invocations and their time are not in the log: see REPORT lines and metrics.`,
  ]
}

function measuredBill({ writeUnits, puts }: Measured, region: string = DEFAULTS.region) {
  return billOf({ 'dynamodb.writeUnit': writeUnits * SECONDS_PER_MONTH, 's3.put': puts * SECONDS_PER_MONTH }, region)
}

function inJson(
  forecast: Forecast | undefined,
  others: readonly Alternative[],
  measured: Measured | undefined,
  region?: string,
) {
  return {
    ...(forecast && {
      job: forecast.job,
      load: forecast.load,
      perSecond: forecast.rates,
      dollars: forecast.bill.dollars,
      perMillionRecords: forecast.perMillionRecords,
      lines: forecast.bill.lines.map(({ price, ...line }) => ({
        ...line,
        price: price.dollars,
        source: price.source,
        read: price.read,
      })),
      alternatives: others,
      assumptions: forecast.assumptions,
      warnings: forecast.warnings,
    }),
    ...(measured && { measured: { ...measured, dollars: measuredBill(measured, region).dollars } }),
  }
}

const dollars = (n: number): string =>
  `$${n < 0.1 ? n.toFixed(4) : n < 100 ? n.toFixed(2) : Math.round(n).toLocaleString('en')}`
const amount = (n: number): string => n.toLocaleString('en', { maximumSignificantDigits: 3 })

function rate(text: string): number {
  const [, n, per = 's'] = /^(\d{1,9}(?:\.\d{1,6})?)(?:\/(s|m|h))?$/.exec(text) ?? []
  if (n === undefined || Number(n) <= 0)
    throw new InvalidArgumentError('It is a number of records, such as 500/s, 30/m or 1000/h.')
  return Number(n) / (per === 's' ? 1 : per === 'm' ? 60 : 3600)
}

function size(text: string): number {
  const [, n, unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)\s?(B|KB|MB)?$/i.exec(text) ?? []
  if (n === undefined || Number(n) <= 0) throw new InvalidArgumentError('It is a number of bytes, such as 200 or 2KB.')
  return Number(n) * ({ kb: 1000, mb: 1_000_000 }[unit.toLowerCase()] ?? 1)
}

function positive(text: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is a whole number from 1.')
}

function number(text: string): number {
  if (/^\d{1,3}(?:\.\d{1,3})?$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is a number of seconds, such as 0.5.')
}

function factor(text: string): number {
  const n = /^\d{1,4}(?:\.\d{1,6})?$/.test(text) ? Number(text) : 0
  if (n > 0) return n
  throw new InvalidArgumentError('It is a number above 0, such as 0.1 or 8.')
}

function share(text: string): number {
  const n = /^\d(?:\.\d{1,4})?$/.test(text) ? Number(text) : 0
  if (n > 0 && n <= 1) return n
  throw new InvalidArgumentError('It is a share above 0 and up to 1, such as 0.1.')
}
