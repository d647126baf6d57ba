// Planted bugs of what is handed to user code after a boundary, and who may change it (DESIGN §2a).

import type { Mutant } from './mutants.ts'

export const BOUNDARY_MUTANTS: readonly Mutant[] = [
  {
    name: 'what this process has committed is handed out as it is',
    breaks: 'I8',
    file: 'src/runtime/held.ts',
    find: 'if (!unseen.has(partial.time)) unseen = new Map(byTime(again()))',
    replace: 'if (!unseen.has(partial.time)) unseen = new Map(byTime(partials))',
    test: 'test/runtime/warm-is-cold.test.ts',
  },
  {
    name: 'a bucket is run again with what it was given before',
    breaks: 'I8',
    file: 'src/runtime/stage-input.ts',
    find: 'if (handed.has(place)) {',
    replace: 'if (handed.has(place) && edge === "") {',
    test: 'test/runtime/warm-is-cold.test.ts',
  },
  {
    name: 'an accumulator is the element that others see',
    breaks: 'I8',
    file: 'src/operators/combine.ts',
    find: 'return node.changesNothing ? accumulator : copyOf(key, accumulator)',
    replace: 'return accumulator',
    test: 'test/runtime/warm-is-cold.test.ts',
  },
  {
    name: 'what an accumulator takes in is what others see',
    breaks: 'I8',
    file: 'src/operators/combine.ts',
    find: 'isComposite(value) ? own(node, value, key) : value',
    replace: 'value',
    test: 'test/runtime/warm-is-cold.test.ts',
  },
  {
    name: 'in place: elements are carried as others see them',
    breaks: 'I8',
    file: 'src/runtime/open-batches.ts',
    find: '[[edge, bucket, items.map(copy), ...version] as const]',
    replace: '[[edge, bucket, items, ...version] as const]',
    test: 'test/runtime/warm-is-cold.test.ts',
  },
  {
    name: 'what is spread goes by its position in the micro-batch',
    breaks: 'I2',
    file: 'src/operators/exchange.ts',
    find: 'add(places?.[i] ?? i % numPartitions, element)',
    replace: 'add(i % numPartitions, element)',
    test: 'test/runtime/cuts.test.ts',
  },
  {
    name: 'a union leaves one stream of a micro-batch after the other',
    breaks: 'I2',
    file: 'src/operators/lineage.ts',
    find: 'elements: order.map((i) => elements[i])',
    replace: 'elements',
    test: 'test/runtime/cuts.test.ts',
  },
  {
    name: 'what comes of one record goes to one bucket',
    breaks: 'I2',
    file: 'src/operators/lineage.ts',
    find: '? nth + 1 : 0\n',
    replace: '? nth : 0\n',
    test: 'test/operators/lineage.test.ts',
  },
]
