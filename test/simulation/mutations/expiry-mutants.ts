// Planted bugs of what expires, what is kept, and what is thrown away.

import type { Mutant } from './mutants.ts'

export const EXPIRY_MUTANTS: readonly Mutant[] = [
  {
    name: 'an entry past its time is taken for the head',
    breaks: 'I7',
    file: 'src/state/log-life.ts',
    find: 'if (until === undefined) return true',
    replace: 'if (until === undefined || trustExpired < 1) return true',
    test: 'test/runtime/expiry.test.ts',
  },
  {
    name: 'what is followed gets no time',
    breaks: 'I7',
    file: 'src/state/task-log.ts',
    find: 'if (before && before.expiresAt === undefined) {',
    replace: 'if (before && before.version < 1) {',
    test: 'test/runtime/expiry.test.ts',
  },
  {
    name: 'a birth is deleted when its time is over',
    breaks: 'I7',
    file: 'src/state/task-log.ts',
    find: 'before.version === 1 ? { headUntil: until } : { expiresAt: until }',
    replace: '{ expiresAt: until }',
    test: 'test/runtime/expiry.test.ts',
  },
  {
    name: 'the first entry of the closing log expires',
    breaks: 'I7',
    file: 'src/runtime/closer.ts',
    find: "commit.kind === 'seal' || this.#version === 0 ? undefined",
    replace: "commit.kind === 'seal' ? undefined",
    test: 'test/runtime/expiry.test.ts',
  },
  {
    name: 'times of entries fall when retention does',
    breaks: 'I7',
    file: 'src/state/task-log.ts',
    find: 'Math.max(ttl.expiresAt, before?.expiresAt ?? 0)',
    replace: 'ttl.expiresAt',
    test: 'test/runtime/expiry.test.ts',
  },
  {
    name: 'a seal that was given a time is taken for one that stays',
    breaks: 'I7',
    file: 'src/runtime/silence.ts',
    find: "const sealed = head.record.kind === 'seal' && head.headUntil === undefined",
    replace: "const sealed = head.record.kind === 'seal'",
    test: 'test/runtime/expiry.test.ts',
  },
]
