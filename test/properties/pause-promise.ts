// What `idle: 'pause'` promises of Spark's contents, operator by operator (docs/decisions/031). Batches with data run everywhere, so
// they are Spark's. A batch without data runs only in buckets where something is due: an operator that makes nothing of nothing
// is Spark's there, too; one that would emit all it holds emits that of these buckets.

import { UPDATES } from './functions.ts'
import { inputsOf, type JobNode } from './job-ast.ts'

/**
 * `always`: Spark's contents at every T. `part`: at batches with data; at others nothing that Spark has not. `data`: at batches with
 * data. `never`: what was seen at batches without data has been remembered.
 */
export type Promised = 'always' | 'part' | 'data' | 'never'

const ORDER: readonly Promised[] = ['always', 'part', 'data', 'never']

const worst = (all: readonly Promised[]): Promised =>
  ORDER[Math.max(0, ...all.map((one) => ORDER.indexOf(one)))] ?? 'never'

/** What is promised of every operator of a job. */
export function promisesOf(nodes: readonly JobNode[]): Promised[] {
  const promised: Promised[] = []
  for (const node of nodes) {
    promised.push(promiseOf(node, worst(inputsOf(node).map((input) => promised[input] ?? 'never'))))
  }
  return promised
}

function promiseOf(node: JobNode, input: Promised): Promised {
  switch (node.op) {
    case 'source':
      return 'always'
    case 'map':
    case 'filter':
    case 'flatMap':
    case 'mapValues':
    case 'flatMapValues':
    case 'mapPartitions':
    case 'mapAsync':
    case 'glom':
    case 'transform':
    case 'withBroadcast':
    case 'union':
    case 'repartition':
      return input
    case 'reduceByKey':
    case 'groupByKey':
    case 'combineByKey':
    case 'countByValue':
    case 'reduce':
    case 'distinct':
    case 'top':
    case 'cogroup':
    case 'join':
      return input === 'part' ? 'data' : input
    case 'count':
    case 'isEmpty':
      return input === 'always' ? 'part' : worst([input, 'data'])
    case 'window':
    case 'reduceByWindow':
    case 'countByValueAndWindow':
    case 'groupByKeyAndWindow':
    case 'reduceByKeyAndWindow':
      return input === 'always' ? 'always' : 'never'
    case 'reduceByWindowInverse':
    case 'countByWindow':
      return input === 'always' ? 'part' : 'never'
    case 'reduceByKeyAndWindowInverse':
      if (input !== 'always') return 'never'
      return node.filter === 'notZero' || node.filter === 'large' ? 'always' : 'part'
    case 'updateStateByKey':
      return input === 'always' && UPDATES[node.update].idle ? 'part' : 'never'
    case 'mapWithState':
      // Initial state is as old as the first batch, which is another one in each bucket when that need not have data.
      if (node.initial && node.timeout !== undefined && node.slide > 1) return 'never'
      return input === 'always' ? 'always' : 'never'
    case 'topByKey':
      return input === 'always' ? 'always' : 'never'
    case 'stateSnapshots':
      return input === 'always' ? 'part' : 'never'
  }
}
