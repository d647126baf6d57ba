// Which record each element of a micro-batch comes from. What has to be spread over buckets goes by that, and so does the order of
// what leaves: by the position in a micro-batch both would depend on how the event source has cut the partition (I2).

/** Per element the index of its record. */
export type Origins = readonly number[]

/** Takes note, while an operator runs, of where what it puts out comes from. */
export class Trace {
  /** Of the output. */
  origins: Origins
  readonly #input: Origins
  #made: number[] | undefined

  constructor(input: Origins) {
    this.#input = input
    this.origins = input // as for operators that put out one element for each
  }

  /** The operator has put out one more of its input's element `i`; `none` must have been called before the first. */
  add(i: number): void {
    this.#made?.push(this.#input[i] ?? 0)
  }

  none(): void {
    this.#made = []
    this.origins = this.#made
  }

  /** The operator has put out so many elements of all of its input: which are whose nobody knows. */
  ofAll(count: number): void {
    this.origins = new Array<number>(count).fill(this.#input[0] ?? 0)
  }
}
