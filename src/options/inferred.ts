// How the types of elements are inferred.

/**
 * Anything. An array literal that a function returns is inferred as a tuple where a type parameter extends this, with its literals
 * widened: `[word, 1]` is `[string, number]`, and pairs need no `as const`. A `const` type parameter would keep `1`, and would make
 * objects readonly throughout.
 */
export type Inferred = readonly [] | NonNullable<unknown> | null | undefined
