// The process behind one slot of the child-process invoker: one execution environment of Lambda. Loads the module once,
// says `ready`, then answers one invocation at a time until its parent goes away.

import { Socket } from 'node:net'
import { pathToFileURL } from 'node:url'
import { readFrames, sendFrame } from './frames.ts'
import { failure, failureFrom, type InvokeFailure, type LambdaHandler, lambdaContext, runHandler } from './invoker.ts'

/** File descriptor of the socket to the parent; 0 to 2 are the process's own. */
const CHANNEL = 3

const socket = new Socket({ fd: CHANNEL, readable: true, writable: true })
socket.on('close', () => process.exit(0))
socket.on('error', () => process.exit(0))

// Ctrl-C goes to everybody in the terminal: what is under way is the parent's to end.
process.on('SIGINT', () => {})

const [module = '', exportName = 'handler', functionName = 'local'] = process.argv.slice(2)
const handler = await load()
if (handler) {
  readFrames(socket, ({ head, body }) => void answer(handler, readHead(head), body.toString('utf8')))
  sendFrame(socket, 'ready', {})
}

async function load(): Promise<LambdaHandler | undefined> {
  try {
    const url = module.startsWith('file:') ? module : pathToFileURL(module).href
    const loaded: Record<string, unknown> = await import(url)
    const found = loaded[exportName]
    if (isHandler(found)) return found
    sendFailure(failure('Runtime.HandlerNotFound', `${module}: ${exportName} is undefined or not exported`))
  } catch (error) {
    // Lambda reports the error of a module that does not load under its own name, and ImportModuleError when it is missing.
    const missing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
    sendFailure(missing ? failure('Runtime.ImportModuleError', String(error)) : failureFrom(error))
  }
  return undefined
}

async function answer(run: LambdaHandler, head: { id: string; deadline: number }, event: string): Promise<void> {
  const result = await runHandler(run, event, lambdaContext(functionName, head.id, head.deadline))
  if (result.ok) sendFrame(socket, 'answer', { id: head.id }, result.json)
  else sendFailure(result)
}

function sendFailure(result: InvokeFailure): void {
  sendFrame(socket, 'failure', {}, JSON.stringify(result))
}

function isHandler(value: unknown): value is LambdaHandler {
  return typeof value === 'function'
}

function readHead(head: unknown): { id: string; deadline: number } {
  if (typeof head === 'object' && head !== null && 'id' in head && 'deadline' in head) {
    if (typeof head.id === 'string' && typeof head.deadline === 'number')
      return { id: head.id, deadline: head.deadline }
  }
  throw new Error('An invoke frame has no id and deadline')
}
