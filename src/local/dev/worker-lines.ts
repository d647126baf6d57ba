// What a worker writes, told apart: what the job prints, and what Millrace says of itself, which are lines of JSON in a function's log.

/** One line of a worker. */
export type WorkerLine =
  | { readonly kind: 'printed'; readonly text: string }
  /** Something that somebody should know. */
  | { readonly kind: 'notice'; readonly level: 'warn' | 'error'; readonly text: string }
  | { readonly kind: 'debugger'; readonly url: string }
  | { readonly kind: 'nothing' }

const WARN = 40
const ERROR = 50
/** They come with the invocation's answer as well, and with where it happened. */
const ANSWERED = new Set(['partition failed', 'invocation failed', 'could not start'])
/** What a log line has for machines. */
const FOR_MACHINES = new Set(['level', 'time', 'msg', 'stack', 'kind', 'error'])

/** What Node.js says around a debugger that nobody here needs. */
const ABOUT_DEBUGGER = /^(For help, see: https:\/\/nodejs\.org|Debugger (attached|ending on)|Waiting for the debugger)/

export function readWorkerLine(line: string, stream: 'stdout' | 'stderr'): WorkerLine {
  if (stream === 'stderr') {
    const [, url] = /^Debugger listening on (ws:\S+)/.exec(line) ?? []
    if (url !== undefined) return { kind: 'debugger', url }
    return ABOUT_DEBUGGER.test(line) ? { kind: 'nothing' } : { kind: 'printed', text: line }
  }
  const said = line.startsWith('{"level":') ? parse(line) : undefined
  if (!said || typeof said.level !== 'number' || typeof said.msg !== 'string') return { kind: 'printed', text: line }
  if (said.level < WARN || ANSWERED.has(said.msg)) return { kind: 'nothing' }
  const facts = Object.entries(said).filter(([name]) => !FOR_MACHINES.has(name))
  const rest = facts.map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
  const text = [said.msg, ...rest].join(' · ')
  return { kind: 'notice', level: said.level >= ERROR ? 'error' : 'warn', text }
}

function parse(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
