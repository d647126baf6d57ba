// Planted bugs of the commit protocol of source tasks.

import type { Mutant } from './mutants.ts'

export const SOURCE_MUTANTS: readonly Mutant[] = [
  {
    name: 'no fence',
    breaks: 'I1',
    file: 'src/log/task-log.ts',
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
    find: 'if (!this.#head || this.#head.published) return\n    const { outbox, at }',
    replace: 'if (!this.#head || this.version > 0) return\n    const { outbox, at }',
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
    find: 'const trusted = now - this.#knownAt < trustedFor(settings)',
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
    file: 'src/log/task-log.ts',
    find: "return winner && Buffer.compare(winner.body, body) === 0 ? 'committed' : 'conflict'",
    replace: "return 'conflict'",
  },
  {
    name: 'a birth is not the first entry',
    breaks: 'I7',
    file: 'src/runtime/source-task.ts',
    find: 'if (!birth) await log.append(1, await log.prepare(record))',
    replace: '',
  },
  {
    name: 'a task does not join',
    breaks: 'I1',
    file: 'src/runtime/source-task.ts',
    find: 'frontier: await closer.join(ref)',
    replace: 'frontier: 0 * (await closer.readOf(ref))',
  },
  {
    name: 'a warm micro-batch looks at the log all the same',
    breaks: 'I4',
    file: 'src/runtime/source-task.ts',
    find: 'const trusted = now - this.#knownAt < trustedFor(settings)',
    replace: 'const trusted = now < this.#knownAt',
  },
]
