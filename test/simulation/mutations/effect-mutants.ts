// Planted bugs of what is done with batches after their commit.

import type { Mutant } from './mutants.ts'

const FILE = 'src/runtime/pending-effects.ts'
const KINDS = ['effects', 'failingEffects', 'lastingFailure'] as const

export const EFFECT_MUTANTS: readonly Mutant[] = [
  {
    name: 'an effect before the commit that says so',
    breaks: 'I1',
    file: FILE,
    find: 'next = more ? this.#begin(one.id, waiting) : undefined',
    replace: 'next = more ? this.#begin(one.id, waiting) : undefined\n      if (next) void this.#perform(one, next)',
    kinds: KINDS,
  },
  {
    name: 'an effect of T+1 before that of T',
    breaks: 'I1',
    file: 'src/operators/foreach-rdd.ts',
    find: 'for (const [time] of this.#waiting)',
    replace: 'for (const [time] of [...this.#waiting].reverse())',
    kinds: KINDS,
  },
  {
    name: 'success of an effect is not committed',
    breaks: 'I1',
    file: FILE,
    find: 'if (noted) waiting.done(done.time)',
    replace: '',
    kinds: KINDS,
  },
  {
    name: 'an effect that failed counts as done',
    breaks: 'I1',
    file: FILE,
    find: 'if (failure) return this.#failed(one, turn, failure.error)',
    replace: 'if (failure) void this.#failed',
    kinds: KINDS,
  },
  {
    name: 'two that begin with an effect write the same entry',
    breaks: 'I1',
    file: FILE,
    find: 'const by = this.#parts.environment.newId?.() ?? randomUUID()',
    replace: "const by = ''\n    void randomUUID",
    kinds: KINDS,
  },
  {
    name: 'an effect that others are at work with is begun again',
    breaks: 'I1',
    file: FILE,
    find: 'if (!first || (first.from > now && first.from <= now + LONGEST_MS)) return undefined',
    replace: 'if (!first) return undefined\n    void LONGEST_MS',
    kinds: KINDS,
  },
  {
    name: 'a commit does not say that an effect waits',
    breaks: 'I1',
    file: 'src/runtime/buckets/bucket-commit.ts',
    find: 'return first ? { waitsFrom: first.from } : {}',
    replace: 'return first && first.attempts > 0 ? { waitsFrom: first.from } : {}',
    kinds: KINDS,
  },
  {
    name: 'offset ranges are shifted',
    breaks: 'I8',
    file: 'src/sources/kafka/kind.ts',
    find: 'fromOffset: Number(first), untilOffset: Number(last) + 1',
    replace: 'fromOffset: Number(first) + 1, untilOffset: Number(last) + 2',
    kinds: KINDS,
  },
  {
    name: 'offset ranges of one commit only',
    breaks: 'I2',
    file: 'src/runtime/ranges.ts',
    find: 'read[0]?.[2]',
    replace: 'read.at(-1)?.[2]',
    kinds: KINDS,
  },
  {
    name: 'a job rests while an effect waits',
    breaks: 'I1',
    file: 'src/runtime/job-runtime.ts',
    find: 'if (atRest && !left) return',
    replace: 'if (atRest) return',
    kinds: KINDS,
  },
  {
    name: 'the log of effects is never sealed',
    breaks: 'I7',
    file: 'src/runtime/buckets/bucket-task.ts',
    find: 'if (head.record.waitsFrom !== undefined) return true',
    replace: "if (head.record.kind !== 'birth' && this.#parts.stage.steps.length === 1) return true",
    kinds: KINDS,
  },
]
