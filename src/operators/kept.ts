// What people are shown of an operator's cells (`millrace state`): an operator that keeps something says it beside its cells.

/** What a cell holds: nothing but that it is there; a value by key; of a batch its elements, which may be pairs; something of a batch. */
export type CellForm = 'flag' | 'by key' | 'elements by time' | 'by time'

export interface KeptForm {
  /** Every key is in the bucket that it hashes to; otherwise elements of a key may be in any. */
  readonly byKey: boolean
  /** By the cell's name. */
  readonly cells: Readonly<Record<string, CellForm>>
  /** What is saved is more than the value: taken apart. Default: it is the value. */
  parts?(saved: unknown): { readonly value: unknown; readonly usedAt?: number }
  /** Of an operator whose keys have a state that is the user's to set: the cell of a key, and how a state is saved in it. */
  readonly edit?: {
    readonly cell: string
    /** @param usedAt the batch that is taken to have used the key last, where that is kept */
    save(value: unknown, usedAt: number): unknown
  }
}
