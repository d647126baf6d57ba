// A reader of results that never stops looking (I3). It lists the output all the time and reads each object when it first sees
// it; what it once saw must be complete and promised by a commit, and must stay as it is; a batch with `_SUCCESS` gets nothing more.

import { setTimeout as sleep } from 'node:timers/promises'
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3'
import type { Commits } from './commits.ts'

export interface ReaderOptions {
  readonly results: Results
  readonly commits: Pick<Commits, 'promised' | 'closedUntil' | 'refresh'>
  /** Takes the contents of a part; says what is wrong with them. */
  readonly take: (output: string, time: number, body: string) => string | undefined
  readonly onViolation: (violation: string) => void
}

/** What a reader of results can do. */
export interface Results {
  list(): Promise<ReadonlyMap<string, Seen>>
  read(key: string): Promise<string>
}

export interface Seen {
  readonly etag: string
  readonly bytes: number
}

const PAUSE_MS = 250

export class Reader {
  listings = 0
  parts = 0
  /** Batch prefixes (`events-1700000000000`) in which `_SUCCESS` has been seen. */
  readonly closed = new Set<string>()
  /** Batch prefixes with parts. */
  readonly opened = new Set<string>()
  readonly #options: ReaderOptions
  readonly #seen = new Map<string, Seen>()
  #stopped = false
  #running: Promise<void> | undefined

  constructor(options: ReaderOptions) {
    this.#options = options
  }

  start(): void {
    this.#running = this.#run()
  }

  /** Stops, after one more look at everything. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
    await this.look().catch(() => this.look())
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const started = performance.now()
      await this.look().catch(() => undefined) // a busy emulator; the next look sees it all
      // As long again as it took, so that looking does not become the load.
      await sleep(Math.max(PAUSE_MS, performance.now() - started))
    }
  }

  async look(): Promise<void> {
    const { commits, onViolation } = this.#options
    const closedBefore = new Set(this.closed)
    const found = await this.#options.results.list()
    this.listings++
    for (const [key, { etag, bytes }] of this.#seen) {
      const now = found.get(key)
      if (!now) onViolation(`${key} was seen and is gone`)
      else if (now.etag !== etag || now.bytes !== bytes) {
        onViolation(`${key} has changed: ${bytes} bytes ${etag}, now ${now.bytes} bytes ${now.etag}`)
        this.#seen.set(key, now)
      }
    }
    const fresh = [...found.keys()].filter((key) => !this.#seen.has(key))
    if (fresh.length === 0) return
    // The commit comes first, so whoever sees the object finds the commit.
    await commits.refresh()
    await concurrently(8, fresh, async (key) => {
      const { batch, output, time, name } = parseKey(key)
      const promised = commits.promised.has(key) || (name === '_SUCCESS' && time <= commits.closedUntil)
      if (!promised) onViolation(`${key} is visible, and no commit has promised it`)
      if (closedBefore.has(batch)) onViolation(`${key} came after the _SUCCESS of its batch`)
      if (name === '_SUCCESS') this.closed.add(batch)
      else {
        this.opened.add(batch)
        this.parts++
        const problem = this.#options.take(output, time, await this.#options.results.read(key))
        if (problem !== undefined) onViolation(`${key}: ${problem}`)
      }
      this.#seen.set(key, found.get(key) ?? { etag: '', bytes: -1 })
    })
  }
}

export function s3Results(s3: S3Client, bucket: string): Results {
  return {
    async list() {
      const found = new Map<string, Seen>()
      let from: string | undefined
      do {
        const page = await s3.send(
          new ListObjectsV2Command({ Bucket: bucket, ...(from !== undefined && { ContinuationToken: from }) }),
        )
        for (const { Key = '', ETag = '', Size = 0 } of page.Contents ?? []) found.set(Key, { etag: ETag, bytes: Size })
        from = page.NextContinuationToken
      } while (from !== undefined)
      return found
    },
    async read(key) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
      return (await Body?.transformToString()) ?? ''
    },
  }
}

/** `events-1700000000000.txt/part-…` */
export function parseKey(key: string): { batch: string; output: string; time: number; name: string } {
  const [, batch = '', output = '', time = '', name = ''] = /^((.*)-(\d+)(?:\.\w+)?)\/([^/]+)$/.exec(key) ?? []
  return { batch, output, time: Number(time), name }
}

async function concurrently<T>(limit: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values()
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item)
  }
  // All of them end before this does: what failed is done again, and must not be under way twice.
  const ended = await Promise.allSettled(Array.from({ length: limit }, worker))
  const failed = ended.find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}
