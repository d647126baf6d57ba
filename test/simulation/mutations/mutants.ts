// Bugs that are planted one at a time, to see that the simulator finds them: each replaces one piece of the runtime.

import type { Kind } from '../job-of.ts'
import { VALUE_MUTANTS } from './value-mutants.ts'

export interface Mutant {
  readonly name: string
  /** The invariant that it breaks. */
  readonly breaks: string
  readonly file: string
  /** Stands in the file once. */
  readonly find: string
  readonly replace: string
  /** Kinds of jobs that can show it; default: all. */
  readonly kinds?: readonly Kind[]
  /** A directed test that finds it, where no seed can: what the simulated event source never does. */
  readonly test?: string
}

export const MUTANTS: readonly Mutant[] = [
  // Deployments
  {
    name: 'records on their way to what new code lacks are passed over',
    breaks: 'I7',
    file: 'src/runtime/whole.ts',
    find: 'if (refused.length > 0) throw new RecordsOnTheWayError(plans.job, refused)\n  for',
    replace: 'for',
    test: 'test/runtime/deploys.test.ts',
  },
  {
    name: '_SUCCESS over a batch that new code does not have whole',
    breaks: 'I3',
    file: 'src/runtime/whole.ts',
    find: 'lack(partial.time, plan === undefined ? [] : missing(plans.own, theirs, place))',
    replace: '',
    test: 'test/runtime/whole.test.ts',
  },
  {
    name: '_SUCCESS of a stage over a batch that its buckets ran under other code',
    breaks: 'I3',
    file: 'src/runtime/stages.ts',
    find: 'lacking = together(lacking, await judgeNow(plans, foreign, closedUntil))',
    replace: '',
    test: 'test/runtime/whole.test.ts',
  },
  {
    name: 'an old instance closes what newer code has had a part in',
    breaks: 'I3',
    file: 'src/runtime/whole.ts',
    find: 'if ((unknown || refused.length > 0) && (await plans.isSuperseded())) return undefined',
    replace: '',
    test: 'test/runtime/whole.test.ts',
  },
  ...VALUE_MUTANTS,
  // The commit protocol of source tasks
  {
    name: 'no fence',
    breaks: 'I1',
    file: 'src/state/task-log.ts',
    find: "? 'committed' : 'conflict'",
    replace: "? 'committed' : 'committed'",
  },
  {
    name: 'publish before commit',
    breaks: 'I3',
    file: 'src/runtime/batch.ts',
    find: 'const outcome = await task.commit(commit) //',
    replace:
      "const { publish } = await import('./outbox.ts')\n        await publish(task.parts.publisher, commit.outbox)\n        const outcome = await task.commit(commit) //",
  },
  {
    name: 'a source task does not heal',
    breaks: 'I3',
    file: 'src/runtime/source-task.ts',
    find: 'if (!this.#head || this.#head.published) return\n    const { outbox }',
    replace: 'if (!this.#head || this.version > 0) return\n    const { outbox }',
  },
  {
    name: 'acknowledge before commit',
    breaks: 'I1',
    file: 'src/lambda/handler.ts',
    find: 'if (first) throw first.error',
    replace: '',
  },
  {
    name: 'acknowledge failures of partitions',
    breaks: 'I1',
    file: 'src/lambda/handler.ts',
    find: 'batchItemFailures: failures.map(',
    replace: 'batchItemFailures: failures.slice(1).map(',
  },
  {
    name: 'gaps ignored',
    breaks: 'I7',
    file: 'src/runtime/cut.ts',
    find: "if (gap && rules.holes === 'none' && rules.gaps === 'fail') throw",
    replace: "if (gap && rules.gaps === 'skip') throw",
    test: 'test/runtime/offsets.test.ts',
  },
  {
    name: 'duplicates not cut',
    breaks: 'I1',
    file: 'src/runtime/cut.ts',
    find: 'if (offset >= position.until) break',
    replace: 'if (offset >= 0) break',
  },
  {
    name: 'a stale warm cache trusted',
    breaks: 'I1',
    file: 'src/runtime/source-task.ts',
    find: 'if (this.#head && trusted && (until === undefined || firstOffset <= until)) return',
    replace: 'if (this.#head && trusted) return',
  },
  {
    name: 'memory older than what may have expired trusted',
    breaks: 'I1',
    file: 'src/runtime/source-task.ts',
    find: 'const trusted = now - this.#knownAt < settings.retention / 2',
    replace: 'const trusted = true',
  },
  {
    name: 'memory kept while a commit is under way',
    breaks: 'I1',
    file: 'src/runtime/source-task.ts',
    find: 'this.#head = undefined\n    const expiresAt',
    replace: 'const expiresAt',
  },
  {
    name: 'staged parts withdrawn whatever the outcome',
    breaks: 'I3',
    file: 'src/runtime/source-task.ts',
    find: "if (outcome === 'committed') {",
    replace: "if (outcome === 'committed') {\n      await withdraw(environment.objects, record.outbox)",
  },
  {
    name: 'own commit taken for another (a lost answer, retried)',
    breaks: 'I3',
    file: 'src/state/task-log.ts',
    find: "return winner && Buffer.compare(winner.body, body) === 0 ? 'committed' : 'conflict'",
    replace: "return 'conflict'",
  },
  {
    name: 'a birth is not the first entry',
    breaks: 'I7',
    file: 'src/runtime/source-task.ts',
    find: 'if (!born) await log.append(1, await log.prepare(record))',
    replace: '',
  },
  {
    name: 'a task does not join',
    breaks: 'I1',
    file: 'src/runtime/source-task.ts',
    find: 'frontier: await closer.join(ref)',
    replace: 'frontier: 0 * (await closer.readOf(ref))',
  },
  // Time
  {
    name: 'frontier moved back',
    breaks: 'I2',
    file: 'src/runtime/time.ts',
    find: 'reached = Math.max(reached, timestamp < 0 ?',
    replace: 'reached = Math.max(0, timestamp < 0 ?',
  },
  {
    name: 'the frontier starts anew with every invocation',
    breaks: 'I2',
    file: 'src/runtime/time.ts',
    find: ': frontier\n  let start = 0',
    replace: ': 0\n  let start = 0',
  },
  {
    name: 'a silent task is moved back',
    breaks: 'I2',
    file: 'src/runtime/silence.ts',
    find: 'frontier: Math.max(frontier, head.frontier),',
    replace: 'frontier,',
  },
  {
    name: 'a task is held silent that is not',
    breaks: 'I2',
    file: 'src/runtime/silence.ts',
    find: 'if (now - head.record.active < settings.idleAfter) return false',
    replace: '',
  },
  {
    name: 'a silent task is moved on without healing its head',
    breaks: 'I3',
    file: 'src/runtime/silence.ts',
    find: 'await heal(publisher, visible(head.record.outbox)) // an entry with a successor is published',
    replace: '',
  },
  {
    name: 'a partition that fails counts as silent',
    breaks: 'I2',
    file: 'src/runtime/silence.ts',
    find: 'const behind = await withoutTroubled(seemBehind, parts)',
    replace: 'const behind = seemBehind',
    test: 'test/runtime/trouble.test.ts',
  },
  {
    name: 'every try makes the wait for a failing partition longer',
    breaks: 'I2',
    file: 'src/runtime/trouble.ts',
    find: 'const since = Math.min(now, ...same.map((trouble) => trouble?.since ?? now))',
    replace: 'const since = same.length > 5 ? 0 : now',
    test: 'test/runtime/trouble.test.ts',
  },
  {
    name: 'trouble that is over holds others back',
    breaks: 'rest',
    file: 'src/runtime/silence.ts',
    find: 'if (until > trouble.waitingFor) {',
    replace: 'if (until > 2 ** 52) {',
    test: 'test/runtime/trouble.test.ts',
  },
  // Closing
  {
    name: 'closing T with one partition missing',
    breaks: 'I2',
    file: 'src/runtime/close-draft.ts',
    find: 'earliest(readers.map((reader) => reader.frontier))',
    replace: 'earliest(readers.slice(readers.length > 1 ? 1 : 0).map((reader) => reader.frontier))',
  },
  {
    name: 'closing twice: goes on although another was faster',
    breaks: 'I1',
    file: 'src/runtime/closer.ts',
    find: "closed, outbox })) === 'conflict') {",
    replace: "closed, outbox })) === 'conflict' && Number.isNaN(before)) {",
  },
  {
    name: '_SUCCESS too early: heads of others not looked after',
    breaks: 'I3',
    file: 'src/runtime/closer.ts',
    find: 'await Promise.all(readers.map((reader) => reader.publishLast(this.parts.publisher, closing)))',
    replace: '',
  },
  {
    name: '_SUCCESS too early: before the batch is over',
    breaks: 'I2',
    file: 'src/runtime/time.ts',
    find: 'return Math.floor(frontier / batch) * batch',
    replace: 'return Math.ceil(frontier / batch) * batch',
  },
  {
    name: 'marks beyond what is read',
    breaks: 'I1',
    file: 'src/runtime/log-reader.ts',
    find: '? [stillOpen.version - 1, stillOpen.before, ',
    replace: '? [stillOpen.version, stillOpen.before, ',
  },
  {
    name: 'marks with a frontier beyond what is read',
    breaks: 'I1',
    file: 'src/runtime/log-reader.ts',
    find: '? [stillOpen.version - 1, stillOpen.before, ',
    replace: '? [stillOpen.version - 1, this.frontier, ',
  },
  {
    name: 'the closing task does not heal',
    breaks: 'I3',
    file: 'src/runtime/closer.ts',
    find: 'if (this.#published) return\n    await heal(this.parts.publisher, this.#head.outbox)',
    replace: 'if (this.#published) return',
  },
  {
    name: 'its own closing, failed half way, is not healed',
    breaks: 'I3',
    file: 'src/runtime/closer.ts',
    find: 'await this.#healHead() // it may be this instance',
    replace: '// it may be this instance',
  },
  {
    name: 'a closing healed on stale reads',
    breaks: 'I1',
    file: 'src/runtime/closer.ts',
    find: 'this.#inOrder().map((reader) => reader.refresh(true)))\n      await this.#runBuckets()',
    replace: 'this.#inOrder().map((reader) => reader.refresh(false)))\n      await this.#runBuckets()',
  },
  {
    name: 'a lost closing log goes unnoticed',
    breaks: 'I7',
    file: 'src/runtime/closer.ts',
    find: 'if (lost) throw new LogLostError(this.#ref)',
    replace: '',
  },
  // Wake-ups and rest
  {
    name: 'wake-up not armed',
    breaks: 'rest',
    file: 'src/runtime/batch.ts',
    find: "outbox: [...outbox, { kind: 'wake', at: wakeTimeFor(run.partials, now, settings) }],",
    replace: 'outbox: [...outbox],',
  },
  {
    name: 'a wake-up does not arm the next',
    breaks: 'rest',
    file: 'src/runtime/job-runtime.ts',
    find: 'await this.#wakeUps.ensure(Math.max(open ?? 0, now + this.plan.job.settings.idleAfter), fired)',
    replace: '',
  },
  {
    name: 'a wake-up that is being handled counts as under way',
    breaks: 'rest',
    file: 'src/runtime/job-runtime.ts',
    find: 'await this.#wakeUps.begin(fired)',
    replace: '',
  },
  {
    name: 'the row of a wake-up before its message',
    breaks: 'rest',
    file: 'src/runtime/wake-ups.ts',
    find: 'await waker.arm(this.#job, at)\n    this.#armed = at',
    replace:
      'await table.replaceRow(this.#job, ROW, { rev: (row?.rev ?? 0) + 1, data: { at } }, row?.rev)\n    await waker.arm(this.#job, at)\n    this.#armed = at',
  },
  {
    name: 'seal forgotten',
    breaks: 'I7',
    file: 'src/runtime/closer.ts',
    find: 'const sealed = await Promise.all(this.#inOrder().map((reader) => sealLog(reader, this.parts)))',
    replace:
      'if (this.#version > 0) return true\n    const sealed = await Promise.all(this.#inOrder().map((reader) => sealLog(reader, this.parts)))',
  },
  {
    name: 'a seal expires',
    breaks: 'I7',
    file: 'src/runtime/silence.ts',
    find: "const expiresAt = kind === 'seal' ? undefined : now + settings.retention",
    replace: 'const expiresAt = now + settings.retention',
  },
  {
    name: 'marks do not move on to the seals',
    breaks: 'I7',
    file: 'src/runtime/closer.ts',
    find: "if (kind === 'seal' && tasks.every(",
    replace: "if (tasks.length > 0) return true\n    if (kind === 'seal' && tasks.every(",
  },
  // Buckets and state
  {
    name: 'snapshot named before it is written',
    breaks: 'I7',
    file: 'src/state/snapshots.ts',
    find: 'await objects.put(ref, body)',
    replace: 'void objects.put(ref, body).catch(() => undefined)',
    kinds: ['heavy'],
  },
  {
    name: 'a delta applied twice: memory kept after a conflict',
    breaks: 'I1',
    file: 'src/runtime/bucket-task.ts',
    find: 'this.forget() // until it is known how it went',
    replace: '',
  },
  {
    name: 'a bucket that failed does not forget',
    breaks: 'I1',
    file: 'src/runtime/bucket-task.ts',
    find: 'this.forget()\n      throw error',
    replace: 'throw error',
  },
  {
    name: 'a bucket does not heal',
    breaks: 'I3',
    file: 'src/runtime/bucket-task.ts',
    find: 'if (this.#published || !this.#head) return\n    await heal(',
    replace: 'if (this.#published || this.#head) return\n    await heal(',
  },
  {
    name: 'a bucket is not loaded again when others went on',
    breaks: 'I1',
    file: 'src/runtime/bucket-task.ts',
    find: 'doubt(): void {\n    this.#doubted = true',
    replace: 'doubt(): void {\n    this.#doubted = false',
  },
  {
    name: 'a bucket does a batch again that is done',
    breaks: 'I1',
    file: 'src/runtime/bucket-task.ts',
    find: 'this.#doneUntil = head?.record.closedUntil ?? 0',
    replace: 'this.#doneUntil = Math.max(0, (head?.record.closedUntil ?? 0) - this.#parts.settings.batch)',
  },
  {
    name: 'two invocations in one bucket of one process',
    breaks: 'I1',
    file: 'src/runtime/bucket-task.ts',
    find: 'return this.#mutex.run(() => this.#advance(input))',
    replace: 'return this.#advance(input)',
  },
  {
    name: 'a bucket is sealed above what is done elsewhere',
    breaks: 'I1',
    file: 'src/runtime/bucket-task.ts',
    find: 'if (head && head.record.closedUntil > closedUntil) return false',
    replace: '',
  },
  {
    name: 'the next stage does not get the last batch',
    breaks: 'I1',
    file: 'src/runtime/stages.ts',
    find: 'time > after && time <= until',
    replace: 'time > after && time < until',
  },
  {
    name: 'what is due without data is not run',
    breaks: 'I1',
    file: 'src/runtime/bucket-run.ts',
    find: 'Math.min(data ?? Number.POSITIVE_INFINITY, other ?? Number.POSITIVE_INFINITY)',
    replace: 'Math.min(data ?? Number.POSITIVE_INFINITY)',
  },
  // Buckets side by side
  {
    name: 'side by side: what others did not do is left undone',
    breaks: 'I1',
    file: 'src/runtime/side-by-side.ts',
    find: 'await Promise.all(buckets.map((bucket) => bucket.advance(input)))\n  }',
    replace: 'if (others.length === 0) await Promise.all(buckets.map((bucket) => bucket.advance(input)))\n  }',
  },
  {
    name: 'side by side: a request for an old closing is met',
    breaks: 'I1',
    file: 'src/runtime/helper.ts',
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
    file: 'src/runtime/closer.ts',
    find: 'next !== undefined && this.parts.taskInPlace(task) ? next : []',
    replace: 'next === Number.POSITIVE_INFINITY ? next : []',
  },

  // The stores: what the simulator's own never answer
  {
    name: 'whatever answers completing publishes',
    breaks: 'I3',
    file: 'src/state/s3-objects.ts',
    find: 'if (Key === ref.key || ETag === tag) return',
    replace: 'if (ref || ETag === tag) return',
    test: 'test/state/foreign-answers.test.ts',
  },
  {
    name: 'an answer without an ETag counts',
    breaks: 'I3',
    file: 'src/state/s3-answers.ts',
    find: "? undefined : 'it has no ETag'",
    replace: '? undefined : undefined',
    test: 'test/state/foreign-answers.test.ts',
  },
  {
    name: 'anybody may answer for DynamoDB',
    breaks: 'I1',
    file: 'src/state/dynamo-table.ts',
    find: 'checkAnswers(client, ANSWERS)',
    replace: 'checkAnswers(client, new Map(ANSWERS.entries().take(0)))',
    test: 'test/state/foreign-answers.test.ts',
  },
  {
    name: 'one declared hole explains all',
    breaks: 'I7',
    file: 'src/runtime/cut.ts',
    find: 'gaps.flatMap((one) => unexplained(one, known))',
    replace: 'gaps.slice(known.length)',
    test: 'test/runtime/holes.test.ts',
  },
]
