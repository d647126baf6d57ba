// Nodes for tests of operators: what stands before the node under test does not matter to it.

import type { NarrowNode, StreamNode } from '../../src/graph/nodes.ts'

const none: NarrowNode = { kind: 'union', inputs: [] }

/** Some stream with a batch at every time. */
export const source: StreamNode = none

export const pinned = { id: undefined, numPartitions: undefined }
