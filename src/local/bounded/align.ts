// Which partitions go on, pure. Each holds the piece that it would hand out next. The one that is furthest behind goes on in any case, and
// with it whoever begins before its piece ends: so none is ahead of another by more than a piece, and what is open has a bound.

/** The times of a piece, once its partition has reached it: never before what came before it. */
export interface Span {
  readonly first: number
  readonly last: number
}

export function goOn<P extends Span>(waiting: readonly P[]): P[] {
  const [behind] = waiting.toSorted((a, b) => a.first - b.first || a.last - b.last)
  return behind ? waiting.filter(({ first }) => first <= behind.last) : []
}

/**
 * @param since the greatest time of the partition so far
 * @param times negative: it has none
 */
export function spanOf(since: number, times: Iterable<number>): Span {
  let [first, last]: [number | undefined, number] = [undefined, since]
  for (const time of times) {
    last = Math.max(last, time)
    first ??= last
  }
  return { first: first ?? since, last }
}
