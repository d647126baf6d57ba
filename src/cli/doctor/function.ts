// What the doctor finds out of a job's function: whether it is there, has what the job needs in its environment, and gets records.

import { VARIABLES } from '../../lambda/environment.ts'
import type { Aws, FunctionFacts } from './aws.ts'
import { type Finding, failed, looked, ok, skipped } from './check.ts'

/** What is to be found there. */
export interface Expected {
  readonly table: string | undefined
  readonly bucket: string | undefined
  /** Topics that the job reads. */
  readonly topics: readonly string[]
}

export interface FunctionFindings {
  readonly findings: readonly Finding[]
  readonly facts: FunctionFacts | undefined
}

/** Who commits when nobody says otherwise: a job of `run` goes by its own name. */
const NO_FUNCTION = ['local', 'millrace batch']

/** @param name who runs the job; undefined: nobody has yet */
export async function checkFunction(aws: Aws, name: string | undefined, expected: Expected): Promise<FunctionFindings> {
  if (name !== undefined && NO_FUNCTION.includes(name))
    return { findings: [skipped('function', `the job was run by hand last (${name})`)], facts: undefined }
  if (name === undefined)
    return { findings: [skipped('function', 'no function has run the job yet')], facts: undefined }
  let facts: FunctionFacts | undefined
  const check = `function ${name}`
  const found = await looked(
    check,
    async () => {
      facts = await aws.function(name)
      const { state, reason, runtime, timeout } = facts
      return state === 'Active'
        ? ok(check, `${runtime}, ${timeout} s`)
        : failed(check, `it is ${state}${reason === undefined ? '' : ` (${reason})`}`, 'Wait, or deploy again.')
    },
    'Deploy (`serverless deploy`), or check AWS_REGION and the permission lambda:GetFunctionConfiguration.',
  )
  if (!facts) return { findings: found, facts }
  return {
    findings: [...found, checkVariables(check, facts, expected), ...(await checkMappings(aws, name, expected))],
    facts,
  }
}

function checkVariables(check: string, { variables }: FunctionFacts, { table, bucket }: Expected): Finding {
  const name = `${check}, environment`
  const missing = Object.keys(VARIABLES).filter((variable) => !variables[variable])
  if (missing.length > 0)
    return failed(
      name,
      `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not set`,
      'Deploy with the plugin millrace/serverless, which sets them.',
    )
  const others = [
    ...(table !== undefined && variables.MILLRACE_TABLE !== table
      ? [`MILLRACE_TABLE is ${variables.MILLRACE_TABLE}, here ${table}`]
      : []),
    ...(bucket !== undefined && variables.MILLRACE_BUCKET !== bucket
      ? [`MILLRACE_BUCKET is ${variables.MILLRACE_BUCKET}, here ${bucket}`]
      : []),
  ]
  if (others.length > 0)
    return failed(
      name,
      `the function uses another place: ${others.join('; ')}`,
      'Name the same with --table and --bucket, or look at another stage.',
    )
  return ok(name, `code ${variables.MILLRACE_CODE ?? 'unversioned'}, table and bucket as here`)
}

/** What Lambda says when all is well, or nothing has come yet. */
const GOOD = /^(OK|No records processed|)$/

function checkMappings(aws: Aws, name: string, { topics }: Expected): Promise<readonly Finding[]> {
  return looked(
    'mapping',
    async () => {
      const mappings = await aws.mappings(name)
      return topics.map((topic): Finding => {
        const check = `mapping ${topic}`
        const mapping = mappings.find((one) => one.topics.includes(topic))
        if (!mapping)
          return failed(
            check,
            `function ${name} has no event source mapping of the topic`,
            'Deploy again: without it nothing comes.',
          )
        const { state, lastResult } = mapping
        if (state !== 'Enabled')
          return failed(
            check,
            `it is ${state}`,
            'Enable it (`aws lambda update-event-source-mapping --enabled`), or wait if it is on the way.',
          )
        if (!GOOD.test(lastResult))
          return failed(
            check,
            lastResult,
            'Look in the log of the function, or at its access to the brokers (network, credentials), as the text says.',
          )
        return ok(check, `${state}${lastResult === '' ? '' : `, ${lastResult}`}`)
      })
    },
    'Allow lambda:ListEventSourceMappings.',
  )
}
