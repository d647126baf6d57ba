// Inputs on which a target never returns: a thread of its own notices, writes the input down and ends the process.

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import { MAX_INPUT_BYTES } from './mutate.ts'

/** How long one input may take. */
const PATIENCE_MS = 60_000

interface Shared {
  readonly file: string
  /** How many inputs were begun, and how long the present one is. */
  readonly numbers: Int32Array
  readonly bytes: Uint8Array
}

/** Guards the inputs of one target; `begin` is to be called with each. */
export function watch(file: string): { begin(input: Buffer): void; stop(): Promise<unknown> } {
  const shared: Shared = {
    file,
    numbers: new Int32Array(new SharedArrayBuffer(8)),
    bytes: new Uint8Array(new SharedArrayBuffer(MAX_INPUT_BYTES)),
  }
  const worker = new Worker(new URL(import.meta.url), { workerData: shared })
  return {
    begin(input) {
      shared.bytes.set(input.subarray(0, MAX_INPUT_BYTES))
      Atomics.store(shared.numbers, 1, Math.min(input.length, MAX_INPUT_BYTES))
      Atomics.add(shared.numbers, 0, 1)
    },
    stop: () => worker.terminate(),
  }
}

function guard({ file, numbers, bytes }: Shared): void {
  let [seen, since] = [-1, Date.now()]
  setInterval(() => {
    const now = Atomics.load(numbers, 0)
    if (now !== seen) {
      seen = now
      since = Date.now()
    } else if (seen > 0 && Date.now() - since > PATIENCE_MS) {
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, bytes.slice(0, Atomics.load(numbers, 1)))
      console.error(`no answer for ${PATIENCE_MS / 1000} s to an input that is now ${file}`)
      process.kill(process.pid, 'SIGKILL')
    }
  }, 1000)
}

if (!isMainThread) guard(workerData)
