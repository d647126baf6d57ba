// What a batch is made of.

/** The elements of a batch, by partition. */
export type Partitions<T> = readonly (readonly T[])[]
