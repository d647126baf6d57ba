// What a source is: where records come from, how they are told from those that were committed, and how whoever delivers them
// is answered. A folder per source keeps all that is true of it (DESIGN §5, docs/decisions/057); the runtime knows this file only.

/** A record as it was delivered. What is in it, its source alone knows. */
export type SourceRecord = object

/**
 * What a definition says of one source: this is what the graph's node holds. Records are held in method signatures: the node
 * forgets their type, the source remembers it.
 */
export interface Source<R extends SourceRecord = SourceRecord> {
  readonly kind: SourceKind
  /** What it reads, by name: topics, streams, prefixes. Each is read by a program of its own. */
  readonly feeds: readonly string[]
  /** What the feed was called when the ids of operators behind it were derived. */
  readonly formerly?: string | undefined
  /**
   * What user code sees of these records, one element each; a part that is decoded later is given to `whenRead` once, before
   * anybody has it. Runs for every micro-batch: no promise, copy or Buffer per record.
   */
  elements(records: readonly R[], whenRead?: (value: unknown) => void): unknown[]
}

/** What is true of all sources of a kind. */
export interface SourceKind {
  readonly name: string
  /** @throws InvalidOptionError for sources that cannot be in one job. */
  checkJob(job: string, sources: readonly Source[]): void
}
