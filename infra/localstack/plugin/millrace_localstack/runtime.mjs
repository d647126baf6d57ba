// The function's side of LocalStack's `node` executor: loads the handler, then runs one invocation after another. Frames
// over the socket MILLRACE_CHANNEL_FD: a length of four bytes, then that many bytes. In come two per invocation, what is
// known about it as JSON and the payload; out go `R` ready, `I…` init failed, `A…` the answer, `E…` the error.

import { existsSync } from 'node:fs'
import { Socket } from 'node:net'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { format } from 'node:util'

const env = process.env
const socket = new Socket({ fd: Number(env.MILLRACE_CHANNEL_FD) })
delete env.MILLRACE_CHANNEL_FD

function send(kind, body = '') {
  const bytes = Buffer.from(kind + body)
  const header = Buffer.alloc(4)
  header.writeUInt32BE(bytes.length)
  socket.write(Buffer.concat([header, bytes]))
}

function describe(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: format(error), trace: [] }
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') }
}

function named(name, message) {
  return Object.assign(new Error(message), { name })
}

// Lambda's text log format: time, request, level, message, with line ends inside a message made \r.
let requestId = 'undefined'
const LEVELS = { log: 'INFO', info: 'INFO', warn: 'WARN', error: 'ERROR', debug: 'DEBUG', trace: 'TRACE' }
for (const [method, level] of Object.entries(LEVELS)) {
  console[method] = (...parts) => {
    const message = format(...parts).replaceAll('\n', '\r')
    process.stdout.write(`${new Date().toISOString()}\t${requestId}\t${level}\t${message}\n`)
  }
}

async function loadHandler() {
  const parts = /^(.*?)([^/]*?)\.(.+)$/.exec(env._HANDLER) // folder/ module . export
  if (!parts) throw named('Runtime.MalformedHandlerName', `Bad handler '${env._HANDLER}'`)
  const [, folder, module, name] = parts
  const base = path.resolve(env.LAMBDA_TASK_ROOT, folder, module)
  const file = ['.js', '.mjs', '.cjs'].map((extension) => base + extension).find(existsSync)
  if (!file) throw named('Runtime.ImportModuleError', `Error: Cannot find module '${module}'`)
  const exported = await import(pathToFileURL(file))
  const pick = (from) => name.split('.').reduce((value, key) => value?.[key], from)
  const handler = pick(exported) ?? pick(exported.default)
  if (typeof handler !== 'function') {
    throw named('Runtime.HandlerNotFound', `${env._HANDLER} is undefined or not exported`)
  }
  if (handler.length >= 3 && Number(process.versions.node.split('.')[0]) >= 24) {
    throw named('Runtime.CallbackHandlerDeprecated', 'Handlers with a callback are gone from Node.js 24 on')
  }
  return handler
}

async function invoke(handler, { id, arn, trace, deadline }, payload) {
  requestId = id
  env._X_AMZN_TRACE_ID = trace
  const context = {
    awsRequestId: id,
    invokedFunctionArn: arn,
    callbackWaitsForEmptyEventLoop: true,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  }
  try {
    const event = JSON.parse(payload)
    const result = await (handler.length >= 3 ? withCallback(handler, event, context) : handler(event, context))
    const answer = JSON.stringify(result) ?? 'null'
    await logsWritten()
    send('A', answer)
  } catch (error) {
    const facts = describe(error)
    console.error('Invoke Error', '\t', JSON.stringify({ ...facts, stack: facts.trace, trace: undefined }))
    await logsWritten()
    send('E', JSON.stringify(facts))
  }
}

/** What was logged must be in the pipe before the answer is sent; what the pipe had no room for is still in the streams. */
async function logsWritten() {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.writableLength > 0) await new Promise((resolve) => stream.write('', resolve))
  }
}

function withCallback(handler, event, context) {
  return new Promise((resolve, reject) => {
    handler(event, context, (error, result) => (error ? reject(error) : resolve(result)))
  })
}

function exitOn(event, title, code) {
  process.on(event, (error) => {
    console.error(title, '\t', JSON.stringify(describe(error)))
    process.exit(code)
  })
}

/** Gives each frame of the socket to `take`. */
function readFrames(take) {
  let chunks = []
  let have = 0
  let need = 4
  let inHeader = true
  socket.on('data', (chunk) => {
    chunks.push(chunk)
    have += chunk.length
    while (have >= need) {
      const all = Buffer.concat(chunks)
      const frame = all.subarray(0, need)
      chunks = [all.subarray(need)]
      have -= need
      need = inHeader ? frame.readUInt32BE() : 4
      if (!inHeader) take(frame)
      inHeader = !inHeader
    }
  })
}

exitOn('unhandledRejection', 'Unhandled Promise Rejection', 128)
exitOn('uncaughtException', 'Uncaught Exception', 129)
socket.on('error', () => process.exit(0))
socket.on('close', () => process.exit(0)) // LocalStack is gone
try {
  const handler = await loadHandler()
  let head
  readFrames((frame) => {
    if (head) {
      invoke(handler, head, frame.toString())
      head = undefined
    } else {
      head = JSON.parse(frame.toString())
    }
  })
  send('R')
} catch (error) {
  send('I', JSON.stringify(describe(error)))
}
