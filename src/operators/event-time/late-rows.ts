// Rows that have come too late, as a stream: what an operator has turned away in the batch that it has just run.

import type { BatchOperator, Elements, RunningOperator } from '../operator.ts'

/** An operator that turns rows away. */
export interface TurnsAway extends RunningOperator {
  /** Of the batch that was run last; whoever asks has them. */
  takeLate(): Elements
}

function turnsAway(operator: RunningOperator | undefined): operator is TurnsAway {
  return operator !== undefined && 'takeLate' in operator
}

/** Reads such an operator, and runs wherever that does. */
export const lateRows: BatchOperator = {
  runs: 'on batches',
  kind: 'lateRows',
  said: 'late',
  keys: 'lost',
  spread: 'as it is',
  showsState: true,
  create({ inputs: [input] }) {
    if (!turnsAway(input)) throw new Error('lateRows reads an operator that turns no rows away')
    return { run: () => input.takeLate() }
  },
}
