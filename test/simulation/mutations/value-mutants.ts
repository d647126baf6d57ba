// Planted bugs of what values, times and keys may be.

import type { Mutant } from './mutants.ts'

export const VALUE_MUTANTS: readonly Mutant[] = [
  {
    name: 'a key that is undefined is taken',
    breaks: 'I7',
    file: 'src/operators/hash.ts',
    find: 'if (key === undefined || isComposite(key)) refuseMissing(key)',
    replace: '',
    test: 'test/runtime/missing-keys.test.ts',
  },
  {
    name: 'keys that are carried in place are not looked at',
    breaks: 'I7',
    file: 'src/plan/program.ts',
    find: '!isNarrow(node) || isKeyed(stream) //',
    replace: '!isNarrow(node) || (isKeyed(stream) && false) //',
    test: 'test/runtime/missing-keys.test.ts',
  },
  {
    name: 'one record of the year 2100 is the latest there ever was',
    breaks: 'I7',
    file: 'src/runtime/position.ts',
    find: 'Math.max(maxTimestamp, Math.min(timestamp, latest))',
    replace: 'Math.max(maxTimestamp, timestamp)',
    test: 'test/runtime/odd-times.test.ts',
  },
  {
    name: 'a record that was ahead of the clock is taken for one of a recreated topic',
    breaks: 'I1',
    file: 'src/runtime/position.ts',
    find: 'if (timestamp > latest) ahead =',
    replace: 'if (timestamp > Number.MAX_VALUE) ahead =',
    test: 'test/runtime/odd-times.test.ts',
  },
  {
    name: 'what cannot be read is written',
    breaks: 'I7',
    file: 'src/state/task-log.ts',
    find: 'if (!this.#isRecord(record))',
    replace: 'if (record === undefined)',
    test: 'test/runtime/odd-times.test.ts',
  },
]
