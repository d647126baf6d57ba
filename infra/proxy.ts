// A proxy on loopback that stands before an AWS emulator and spoils calls: late, refused, throttled, cut before they are
// done, and after. The last is what exactly-once is about: the write has happened, and its sender never hears of it.

import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { refusal, serviceOf } from './proxy/refusals.ts'

export const PROXY_FAULTS = [
  'delay', // done and answered, a little later
  'stall', // done, and answered after longer than a client waits
  'error', // not done: HTTP 500 in the service's own words
  'throttle', // not done: throttled, in the service's own words
  'reset-before', // not done: the connection is reset
  'half-request', // the service gets half of the body, then both connections are reset
  'reset-after', // done: the connection is reset before the answer
  'error-after', // done: HTTP 500
  'half-answer', // done: half of the answer, then the connection is reset
] as const

export type ProxyFault = (typeof PROXY_FAULTS)[number]

/** How often each fault comes, as a probability per call; what is not named never does. */
export type FaultRates = Readonly<Partial<Record<ProxyFault, number>>>

/** About one call in twenty-five, and most of these can be told from a success only by the answer that is missing. */
export const SOME_FAULTS: FaultRates = {
  delay: 0.012,
  stall: 0.0005,
  error: 0.004,
  throttle: 0.004,
  'reset-before': 0.004,
  'half-request': 0.002,
  'reset-after': 0.006,
  'error-after': 0.005,
  'half-answer': 0.003,
}

export interface ProxyOptions {
  /** `http://host:port` of the emulator. */
  readonly upstream: string
  /** In [0, 1): of a seed, so that a run has the same faults again, as far as calls come in the same order. */
  readonly random: () => number
  readonly rates?: FaultRates
  /** Longest of the short delays; default 300 ms. */
  readonly delayMs?: number
  /** Default 6 s: DynamoDB's client gives up after 5. */
  readonly stallMs?: number
}

export interface FaultProxy {
  readonly endpoint: string
  /** Calls that came. */
  readonly calls: number
  readonly counts: ReadonlyMap<ProxyFault, number>
  /** Other rates from now on; `{}`: lets everything through. */
  setRates(rates: FaultRates): void
  close(): Promise<void>
}

export async function startProxy(options: ProxyOptions): Promise<FaultProxy> {
  const proxy = new SpoilingProxy(options)
  await proxy.listen()
  return proxy
}

class SpoilingProxy implements FaultProxy {
  calls = 0
  readonly counts = new Map<ProxyFault, number>()
  endpoint = ''
  readonly #options: ProxyOptions
  #rates: FaultRates
  readonly #server: Server
  // Free connections go before the emulator closes them, or calls would be lost that nobody wanted to spoil.
  readonly #agent = new Agent({ keepAlive: true, timeout: 2000 })

  constructor(options: ProxyOptions) {
    this.#options = options
    this.#rates = options.rates ?? {}
    this.#server = createServer((call, answer) => {
      this.#handle(call, answer).catch(() => call.socket.destroy())
    })
    this.#server.keepAliveTimeout = 120_000
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('The proxy has no port')
    this.endpoint = `http://127.0.0.1:${address.port}`
  }

  setRates(rates: FaultRates): void {
    this.#rates = rates
  }

  async close(): Promise<void> {
    this.#agent.destroy()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #handle(call: IncomingMessage, answer: ServerResponse): Promise<void> {
    this.calls++
    const fault = this.#draw()
    const body = await read(call)
    const service = serviceOf(call.headers)
    switch (fault) {
      case 'error':
      case 'throttle':
        return send(answer, refusal(service, fault))
      case 'reset-before':
        call.socket.resetAndDestroy()
        return
      case 'half-request':
        await this.#forwardHalf(call, body)
        call.socket.resetAndDestroy()
        return
      case 'delay':
        await sleep(this.#options.random() * (this.#options.delayMs ?? 300))
        break
    }
    const reply = await this.#forward(call, body)
    switch (fault) {
      case 'stall':
        await sleep(this.#options.stallMs ?? 6000)
        break
      case 'reset-after':
        call.socket.resetAndDestroy()
        return
      case 'error-after':
        return send(answer, refusal(service, 'error'))
      case 'half-answer':
        answer.writeHead(reply.status, { ...reply.headers, 'content-length': Math.max(2, reply.body.length) })
        answer.write(reply.body.subarray(0, reply.body.length / 2), () => call.socket.resetAndDestroy())
        return
    }
    send(answer, reply, call.method === 'HEAD')
  }

  #draw(): ProxyFault | undefined {
    let dice = this.#options.random()
    for (const fault of PROXY_FAULTS) {
      dice -= this.#rates[fault] ?? 0
      if (dice >= 0) continue
      this.counts.set(fault, (this.counts.get(fault) ?? 0) + 1)
      return fault
    }
    return undefined
  }

  async #forward(call: IncomingMessage, body: Buffer): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const onward = this.#open(call, body.length)
      onward.once('error', reject)
      onward.once('response', (response) => {
        const { statusCode = 500, headers } = response
        read(response).then((all) => resolve({ status: statusCode, headers: withoutHops(headers), body: all }), reject)
      })
      onward.end(body)
    })
  }

  /** Announces the whole body and breaks off in the middle of it. */
  #forwardHalf(call: IncomingMessage, body: Buffer): Promise<void> {
    return new Promise((resolve) => {
      const onward = this.#open(call, Math.max(2, body.length))
      onward.once('error', () => resolve())
      onward.once('close', () => resolve())
      onward.write(body.subarray(0, body.length / 2), () => onward.destroy())
      if (body.length < 2) onward.destroy()
    })
  }

  #open(call: IncomingMessage, length: number) {
    const { host, hostname, port } = new URL(this.#options.upstream)
    const headers = { ...withoutHops(call.headers), host, 'content-length': String(length) }
    return request({ agent: this.#agent, hostname, port, method: call.method, path: call.url, headers })
  }
}

interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

/** Of a HEAD the length is told though there is no body. */
function send(answer: ServerResponse, { status, headers, body }: Reply, head = false): void {
  answer.writeHead(status, head ? headers : { ...headers, 'content-length': body.length })
  answer.end(body)
}

async function read(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const HOPS = new Set(['connection', 'keep-alive', 'transfer-encoding', 'proxy-connection', 'te', 'upgrade', 'trailer'])

/** What belongs to one connection and not to the call. */
function withoutHops(headers: IncomingMessage['headers']): Record<string, string | string[] | undefined> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOPS.has(name)))
}
