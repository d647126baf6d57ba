// The messages of Spark's REST submission protocol, v1, as its standalone master speaks it: names, what is checked, and in which words.
// apache/spark, core/src/main/scala/org/apache/spark/deploy/rest: SubmitRestProtocolRequest.scala, SubmitRestProtocolResponse.scala,
// RestSubmissionServer.scala.

export const PROTOCOL_VERSION = 'v1'
/** "UNKNOWN PROTOCOL VERSION" in Spark's own table of codes. */
export const UNKNOWN_PROTOCOL_VERSION = 468

/** `DriverState.scala`. */
export type DriverState =
  | 'SUBMITTED'
  | 'RUNNING'
  | 'FINISHED'
  | 'RELAUNCHING'
  | 'UNKNOWN'
  | 'KILLED'
  | 'FAILED'
  | 'ERROR'

export interface CreateSubmissionRequest {
  readonly appResource: string
  readonly mainClass: string | undefined
  readonly appArgs: readonly string[]
  readonly sparkProperties: ReadonlyMap<string, string>
  readonly environmentVariables: ReadonlyMap<string, string>
  /** Fields that no server of this version knows; the client is told. */
  readonly unknownFields: readonly string[]
}

export interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** What a client has sent is not a request. */
export class BadRequestError extends Error {
  readonly status: number

  constructor(message: string, status = 400) {
    super(message)
    this.status = status
  }
}

/** In the class itself, and in those it extends. */
const FIELDS = new Set([
  'action',
  'appArgs',
  'appResource',
  'clientSparkVersion',
  'environmentVariables',
  'mainClass',
  'message',
  'sparkProperties',
])
const BOOLEANS = ['spark.driver.supervise']
const NUMBERS = ['spark.driver.cores', 'spark.cores.max']
const MEMORIES = ['spark.driver.memory', 'spark.executor.memory']

/** @throws BadRequestError */
export function readRequest(json: string): CreateSubmissionRequest {
  const message = parseObject(json)
  const action = message.get('action')
  if (action === undefined) throw malformed('Action field not found in JSON.')
  if (typeof action !== 'string') throw malformed('The action is no text.')
  if (action !== 'CreateSubmissionRequest')
    throw new BadRequestError(`Received message of unexpected type ${action.slice(0, 100)}.`)
  const text = (name: string): string | undefined => {
    const value = message.get(name)
    if (value === undefined || value === null) return undefined
    if (typeof value !== 'string') throw malformed(`Field '${name}' is no text.`)
    return value
  }
  const needed = (name: string): string => {
    const value = text(name)
    if (value === undefined) throw malformed(`Field '${name}' is missing in message CreateSubmissionRequest.`)
    return value
  }
  needed('clientSparkVersion')
  const sparkProperties = texts('sparkProperties', message.get('sparkProperties'))
  if (!sparkProperties) throw malformed('No Spark properties set!')
  const appResource = needed('appResource')
  checkProperties(sparkProperties)
  return {
    appResource,
    mainClass: text('mainClass'),
    appArgs: listOf(message.get('appArgs')),
    sparkProperties,
    environmentVariables: texts('environmentVariables', message.get('environmentVariables')) ?? new Map(),
    unknownFields: [...message.keys()].filter((name) => !FIELDS.has(name)),
  }
}

function checkProperties(properties: ReadonlyMap<string, string>): void {
  if (!properties.has('spark.app.name'))
    throw malformed("Field 'spark.app.name' is missing in message CreateSubmissionRequest.")
  const check = (names: readonly string[], kind: string, form: RegExp): void => {
    for (const name of names) {
      const value = properties.get(name)
      if (value !== undefined && !form.test(value))
        throw malformed(`Property '${name}' expected ${kind} value: actual was '${value.slice(0, 100)}'.`)
    }
  }
  check(BOOLEANS, 'boolean', /^(?:true|false)$/i)
  check(NUMBERS, 'numeric', /^-?\d+(?:\.\d+)?$/)
  check(MEMORIES, 'memory', /^\d+(?:[bkmgtp]|[kmgtp]b)?$/i)
}

function malformed(why: string): BadRequestError {
  return new BadRequestError(`Malformed request: ${why}`)
}

function parseObject(json: string): ReadonlyMap<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    throw malformed('it is not JSON.')
  }
  const fields = fieldsOf(value)
  if (!fields) throw malformed('it is not a JSON object.')
  return fields
}

/** A map: what a client calls `__proto__` is a name like any other. */
function fieldsOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? new Map(Object.entries(value))
    : undefined
}

function texts(name: string, value: unknown): ReadonlyMap<string, string> | undefined {
  if (value === undefined || value === null) return undefined
  const fields = fieldsOf(value)
  if (!fields) throw malformed(`Field '${name}' is no map of texts.`)
  return new Map(
    [...fields].map(([key, one]) => {
      // Jackson takes numbers and booleans for texts as well.
      if (typeof one === 'number' || typeof one === 'boolean') return [key, String(one)] as const
      if (typeof one !== 'string') throw malformed(`Field '${name}': '${key.slice(0, 100)}' is no text.`)
      return [key, one] as const
    }),
  )
}

function listOf(value: unknown): readonly string[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value
  throw malformed("Field 'appArgs' is no list of texts.")
}

/** As Jackson writes it there: indented, by name, without what is not set. */
export function toJson(body: Answer['body']): string {
  const set = Object.entries(body).filter(([, value]) => value !== undefined)
  return JSON.stringify(Object.fromEntries(set.sort(([a], [b]) => (a < b ? -1 : 1))), undefined, 2)
}
