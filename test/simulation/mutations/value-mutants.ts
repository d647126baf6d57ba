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
]
