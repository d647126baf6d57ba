// All kinds of sources: whoever finds a task in a log, or a record, asks them whose it is. A new source is a line here.

import { KAFKA } from './kafka/kind.ts'
import type { SourceKind } from './source.ts'

const KINDS: readonly SourceKind[] = [KAFKA]

/** The kinds of a job's sources, and the others: tasks of sources that the job has no more are still moved on. */
export class Kinds {
  readonly #all: readonly SourceKind[]

  constructor(sources: readonly { readonly source: { readonly kind: SourceKind } }[]) {
    const own = sources.map(({ source }) => source.kind)
    // By name: a bundled job has its own copies.
    this.#all = [...new Map([...KINDS, ...own].map((kind) => [kind.name, kind])).values()]
  }

  /** The feed that a task reads. */
  feedOf(task: string): string {
    return this.of(task).feedOf(task) ?? task
  }

  /** Whose a task is. @throws for one of a source that this code does not know. */
  of(task: string): SourceKind {
    const kind = this.#all.find((one) => one.feedOf(task) !== undefined)
    if (kind) return kind
    throw new Error(`'${task}' is no task of any source`)
  }
}
