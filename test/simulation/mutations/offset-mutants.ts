// Planted bugs of what comes again, or seems to.

import type { Mutant } from './mutants.ts'

const test = 'test/runtime/recreated.test.ts'
const moved = 'test/runtime/move.test.ts'

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
  {
    name: 'an instance that writes nothing keeps its old position',
    breaks: 'I1',
    file: 'src/runtime/batch.ts',
    find: '!positionsStay && (await task.goneOn())',
    replace: '!positionsStay && !task.goneOn',
    test: moved,
  },
  {
    name: 'after a move back whatever comes is taken',
    breaks: 'I7',
    file: 'src/sources/kafka/cut.ts',
    find: 'if (position?.moved) checkFollows(task, position, fresh)',
    replace: '',
    test: moved,
  },
  {
    name: 'an undo is done whatever has come since',
    breaks: 'I1',
    file: 'src/runtime/move.ts',
    find: 'position.until !== moved.until ||',
    replace: 'position.until < 0 &&',
    test: moved,
  },
  {
    name: 'what an edit follows loses its promises',
    breaks: 'I3',
    file: 'src/runtime/edits.ts',
    find: 'return outbox.map((effect) =>',
    replace: 'return outbox.slice(outbox.length).map((effect) =>',
    test: moved,
  },
  {
    name: 'what is told again has the names of before',
    breaks: 'I3',
    file: 'src/names/objects.ts',
    find: "String(again).padStart(4, '0')",
    replace: "String(again * 0).padStart(4, '0')",
    test: moved,
  },
]
