// Planted bugs of the stores: what the simulator's own never answer.

import type { Mutant } from './mutants.ts'

export const STORE_MUTANTS: readonly Mutant[] = [
  {
    name: 'whatever answers completing publishes',
    breaks: 'I3',
    file: 'src/stores/s3-objects.ts',
    find: 'if (Key === ref.key || ETag === tag) return',
    replace: 'if (ref || ETag === tag) return',
    test: 'test/stores/foreign-answers.test.ts',
  },
  {
    name: 'an answer without an ETag counts',
    breaks: 'I3',
    file: 'src/stores/s3-answers.ts',
    find: "? undefined : 'it has no ETag'",
    replace: '? undefined : undefined',
    test: 'test/stores/foreign-answers.test.ts',
  },
  {
    name: 'anybody may answer for DynamoDB',
    breaks: 'I1',
    file: 'src/stores/dynamo-table.ts',
    find: 'checkAnswers(client, ANSWERS)',
    replace: 'checkAnswers(client, new Map(ANSWERS.entries().take(0)))',
    test: 'test/stores/foreign-answers.test.ts',
  },
  {
    name: 'one declared hole explains all',
    breaks: 'I7',
    file: 'src/sources/kafka/cut.ts',
    find: 'gaps.flatMap((one) => unexplained(one, known))',
    replace: 'gaps.slice(known.length)',
    test: 'test/sources/kafka/holes.test.ts',
  },
]
