/** Types grow to what putting values together gives: `1` to `number`, and a list of one, `[number]`, to `number[]`. */
export type Widen<V> = V extends number
  ? number
  : V extends string
    ? string
    : V extends boolean
      ? boolean
      : V extends bigint
        ? bigint
        : V extends [infer A]
          ? A[]
          : V

/** Puts two values together. */
export type Reduce<V> = (a: Widen<V>, b: Widen<V>) => Widen<V>
