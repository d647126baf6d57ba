// Which operator a node of a shuffle stage becomes in a bucket.

import type { MapWithStateNode } from '../graph/wide-nodes.ts'
import type { BucketStep } from '../plan/plan.ts'
import type { Aside } from '../programs/aside.ts'
import type { BucketOperator } from './bucket-operator.ts'
import { cogroup } from './cogroup.ts'
import { combineByKey, fold } from './combine.ts'
import { inverseWindow } from './inverse-window.ts'
import { type MapWithStateOperator, mapWithState, stateSnapshots } from './map-with-state.ts'
import { repartition } from './stateless.ts'
import { updateStateByKey } from './update-state.ts'
import { window } from './window.ts'

/**
 * @param owns whether a key belongs to this bucket: of initial state every bucket takes its own
 * @param aside takes what a function of the job throws on
 * @param states the `mapWithState` operators of the bucket so far, whose snapshots other steps emit
 */
export function makeOperator(
  { node, combined }: BucketStep,
  owns: (key: unknown) => boolean,
  states: Map<MapWithStateNode, MapWithStateOperator>,
  aside: Aside,
): BucketOperator {
  const input = combined ? 'partials' : 'elements'
  switch (node.kind) {
    case 'combineByKey':
      return combineByKey(node, input, aside)
    case 'fold':
      return fold(node, input)
    case 'cogroup':
      return cogroup(node)
    case 'repartition':
      return repartition(node)
    case 'window':
      return window(node)
    case 'inverseWindow':
      return inverseWindow(node)
    case 'updateStateByKey':
      return updateStateByKey(node, owns, aside)
    case 'mapWithState': {
      const operator = mapWithState(node, owns, aside)
      states.set(node, operator)
      return operator
    }
    case 'stateSnapshots': {
      const of = states.get(node.input)
      if (of) return stateSnapshots(node, of)
      throw new Error('stateSnapshots comes before its mapWithState')
    }
    default:
      throw new Error(`${node.kind} does not run in a bucket`)
  }
}
