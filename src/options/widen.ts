/** Literal types grow to what arithmetic on them gives: `1` to `number`. */
export type Widen<V> = V extends number
  ? number
  : V extends string
    ? string
    : V extends boolean
      ? boolean
      : V extends bigint
        ? bigint
        : V

/** Puts two values together. */
export type Reduce<V> = (a: Widen<V>, b: Widen<V>) => Widen<V>
