// Planted bugs of what comes again, or seems to.

import type { Mutant } from './mutants.ts'

const test = 'test/runtime/recreated.test.ts'

export const OFFSET_MUTANTS: readonly Mutant[] = [
  {
    name: 'what lies before the beginning is a duplicate',
    breaks: 'I7',
    file: 'src/sources/kafka/evidence.ts',
    find: "offset < position.began) return 'new'",
    replace: "offset < position.began) return 'unknown'",
    test,
  },
  {
    name: 'the first record of a topic is not remembered',
    breaks: 'I7',
    file: 'src/sources/kafka/evidence.ts',
    find: 'return sameIf(crcOf(record) === position.first)',
    replace: "return 'same'",
    test,
  },
  {
    name: 'prints say the same of any record',
    breaks: 'I7',
    file: 'src/sources/kafka/evidence.ts',
    find: 'sameIf(print === printOf(record))',
    replace: 'sameIf(print === printOf(record) || print > 0)',
    test,
  },
  {
    name: 'older commits are not asked about duplicates',
    breaks: 'I7',
    file: 'src/sources/kafka/duplicates.ts',
    find: 'const older = inMemory ? undefined :',
    replace: 'const older = inMemory || position ? undefined :',
    test,
  },
  {
    name: 'a quiet entry forgets the prints',
    breaks: 'I7',
    file: 'src/sources/kafka/position.ts',
    find: 'printsFrom: position.printsFrom ?? position.from',
    replace: 'prints: undefined',
    test,
  },
]
