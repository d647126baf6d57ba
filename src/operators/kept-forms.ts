// All operators that keep something, by kind: whoever finds a cell in a log asks here how it reads. A new one is a line. One that is
// not here (of newer code, or of somebody's own) is shown cell by cell.

import { BROADCAST_KEPT, WITH_BROADCAST_KEPT } from './broadcast.ts'
import { FOREACH_RDD_KEPT } from './foreach-rdd.ts'
import { INVERSE_WINDOW_KEPT } from './inverse-window.ts'
import type { KeptForm } from './kept.ts'
import { MAP_WITH_STATE_KEPT } from './map-with-state.ts'
import { TOP_BY_KEY_KEPT } from './top-by-key.ts'
import { UPDATE_STATE_KEPT } from './update-state-by-key.ts'
import { WINDOW_KEPT } from './window.ts'

const FORMS: ReadonlyMap<string, KeptForm> = new Map([
  ['broadcast', BROADCAST_KEPT],
  ['withBroadcast', WITH_BROADCAST_KEPT],
  ['foreachRDD', FOREACH_RDD_KEPT],
  ['inverseWindow', INVERSE_WINDOW_KEPT],
  ['mapWithState', MAP_WITH_STATE_KEPT],
  ['topByKey', TOP_BY_KEY_KEPT],
  ['updateStateByKey', UPDATE_STATE_KEPT],
  ['window', WINDOW_KEPT],
])

export function keptFormOf(kind: string): KeptForm | undefined {
  return FORMS.get(kind)
}
