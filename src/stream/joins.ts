// Joins are flat maps over `cogroup`. Definitions follow org.apache.spark.streaming.dstream.PairDStreamFunctions.

type Grouped<V, W> = readonly [vs: readonly V[], ws: readonly W[]]

/** Every pair of values that both sides have. */
export function inner<V, W>([vs, ws]: Grouped<V, W>): [V, W][] {
  return vs.flatMap((v) => ws.map((w): [V, W] => [v, w]))
}

export function leftOuter<V, W>([vs, ws]: Grouped<V, W>): [V, W | undefined][] {
  return inner([vs, orNone(ws)])
}

export function rightOuter<V, W>([vs, ws]: Grouped<V, W>): [V | undefined, W][] {
  return inner([orNone(vs), ws])
}

export function fullOuter<V, W>([vs, ws]: Grouped<V, W>): [V | undefined, W | undefined][] {
  return inner([orNone(vs), orNone(ws)])
}

/** SQL's outer join: the values, or one that is missing. */
function orNone<V>(values: readonly V[]): readonly (V | undefined)[] {
  return values.length === 0 ? [undefined] : values
}
