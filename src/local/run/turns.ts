// One piece of work at a time, in the order in which they come.

export interface Turns {
  take<T>(work: () => Promise<T>): Promise<T>
  /** Waits for the work that is under way; what waits for its turn is not begun any more. */
  close(): Promise<void>
}

export function inTurn(): Turns {
  let last: Promise<unknown> = Promise.resolve()
  let closed = false
  return {
    take(work) {
      const turn = last.then(() => {
        if (closed) throw new Error('The run was stopped.')
        return work()
      })
      last = turn.catch(() => undefined)
      return turn
    },
    async close() {
      closed = true
      await last
    },
  }
}
