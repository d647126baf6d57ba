// Planted bugs of buckets, alone and side by side, and of operators by key in source tasks.

import type { Mutant } from './mutants.ts'

export const BUCKET_MUTANTS: readonly Mutant[] = [
  {
    name: 'snapshot named before it is written',
    breaks: 'I7',
    file: 'src/log/snapshots.ts',
    find: 'await objects.put(ref, body)',
    replace: 'void objects.put(ref, body).catch(() => undefined)',
    kinds: ['heavy'],
  },
  {
    name: 'a bucket that failed does not forget',
    breaks: 'I1',
    file: 'src/runtime/buckets/bucket-task.ts',
    find: 'this.forget()\n      throw error',
    replace: 'throw error',
  },
  {
    name: 'a bucket does not heal',
    breaks: 'I3',
    file: 'src/runtime/buckets/bucket-task.ts',
    find: 'try {\n          await this.#log.heal()\n        } catch',
    replace: 'try {\n        } catch',
  },
  {
    name: 'a bucket is not loaded again when others went on',
    breaks: 'I1',
    file: 'src/runtime/buckets/bucket-task.ts',
    find: 'doubt(): void {\n    this.#log.doubt()',
    replace: 'doubt(): void {\n    void this.#log',
  },
  {
    name: 'a bucket does a batch again that is done',
    breaks: 'I1',
    file: 'src/runtime/buckets/bucket-task.ts',
    find: 'this.#doneUntil = head?.record.closedUntil ?? 0',
    replace: 'this.#doneUntil = Math.max(0, (head?.record.closedUntil ?? 0) - this.#parts.settings.batch)',
  },
  {
    name: 'two invocations in one bucket of one process',
    breaks: 'I1',
    file: 'src/runtime/buckets/bucket-task.ts',
    find: 'return this.#mutex.run(() => this.#advance(input))',
    replace: 'return this.#advance(input)',
  },
  {
    name: 'a bucket is sealed above what is done elsewhere',
    breaks: 'I1',
    file: 'src/runtime/buckets/bucket-task.ts',
    find: 'if (head && head.record.closedUntil > closedUntil) return false',
    replace: '',
  },
  {
    name: 'the next stage does not get the last batch',
    breaks: 'I1',
    file: 'src/runtime/buckets/stages.ts',
    find: 'time > after && time <= until',
    replace: 'time > after && time < until',
  },
  {
    name: 'what is due without data is not run',
    breaks: 'I1',
    file: 'src/runtime/schedule.ts',
    find: 'let next = earlier(ahead.data, ahead.due)',
    replace: 'let next = ahead.data',
  },
  // Buckets side by side
  {
    name: 'side by side: what others did not do is left undone',
    breaks: 'I1',
    file: 'src/runtime/side-by-side/asking.ts',
    find: 'await Promise.all(buckets.map((bucket) => bucket.advance(input)))\n  }',
    replace: 'if (others.length === 0) await Promise.all(buckets.map((bucket) => bucket.advance(input)))\n  }',
  },
  {
    name: 'side by side: a request for an old closing is met',
    breaks: 'I1',
    file: 'src/runtime/side-by-side/answering.ts',
    find: 'if (close?.closedUntil !== share.closedUntil || close.before === close.closedUntil) return',
    replace: 'if (close === undefined) return',
  },
  // Operators by key in source tasks
  {
    name: 'in place: memory trusted after a lost race',
    breaks: 'I1',
    file: 'src/runtime/in-place.ts',
    find: 'await this.#load(head)\n    this.#version = undefined\n    this.#ahead = true',
    replace: 'await this.#load(head)\n    this.#ahead = true',
  },
  {
    name: 'in place: what is open is not carried over a restart',
    breaks: 'I1',
    file: 'src/runtime/in-place.ts',
    find: 'this.#open.add(entry.record.partials)',
    replace: '',
  },
  {
    name: 'in place: a silent partition runs nothing',
    breaks: 'I1',
    file: 'src/runtime/closing/due.ts',
    find: 'next !== undefined && parts.taskInPlace(task) ? next : []',
    replace: 'next === Number.POSITIVE_INFINITY ? next : []',
  },
  {
    name: 'a function of a batch that waits for something is not waited for',
    breaks: 'I1',
    file: 'src/programs/bucket-program.ts',
    find: 'made instanceof Promise ? await made : made',
    replace: 'made instanceof Promise ? void made.catch(() => undefined) : made',
    kinds: ['whole'],
  },
  {
    name: 'a function of two batches is given the first twice',
    breaks: 'I1',
    file: 'src/operators/transform.ts',
    find: 'inputs.map((elements = [], i) =>',
    replace: 'inputs.map((_, i, [elements = []]) =>',
    kinds: ['whole'],
  },
]
