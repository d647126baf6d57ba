// What commits promise, by kind: the one table of who does it, how to tell that it is done, and what takes it back. A new kind of
// effect is one entry here, and its declaration in `log/commit-record.ts`.

import type { StagedObjectLostError } from '../errors/object-errors.ts'
import type { Call, Effect } from '../log/commit-record.ts'
import type { TaskRef } from '../names/tasks.ts'
import { type ObjectRef, type ObjectStore, objectUrl } from '../stores/object-store.ts'
import { unpackBody } from './packing.ts'

/** What publishing needs. */
export interface Publisher {
  readonly objects: ObjectStore
  readonly print: (text: string) => void
  /** Calls a function of the job. */
  readonly call: (call: Call, stands: Coordinates) => Promise<void>
  /** Makes sure that the job is brought back at `at`, or earlier. */
  readonly wake: (at: number) => Promise<void>
  /** Told of an upload that is gone, as its object is, although a commit at this time promised it; throws when it may never have been completed. */
  readonly gone: (lost: StagedObjectLostError, committedAt: number) => void
}

/** Where an effect stands in the logs: alike in every try and by whomever, so that a service that keeps it can tell what is repeated. */
export interface Coordinates extends TaskRef {
  readonly version: number
  /** In the outbox. */
  readonly index: number
}

/** The object that an effect makes visible. */
export interface PromisedObject {
  readonly ref: ObjectRef
  /** In the commit, compressed perhaps, or staged. */
  readonly bytes: number
  /** It is an upload in its own bucket, and cannot go to another. */
  readonly staged: boolean
}

interface Performer<E extends Effect> {
  /** Whether readers of results see it: it is part of a complete batch. */
  readonly visible: boolean
  /** It comes after all others of its commit, and what has the same name here one after the other. */
  line?(effect: E): string
  /** Must be safe to repeat: nobody writes down that it was done. @param stands undefined: it follows from all parts of a batch, and stands in no commit */
  perform(publisher: Publisher, effect: E, stands: Coordinates | undefined): Promise<void> | undefined
  /** Where looking is cheaper than doing it again, or doing it again shows. */
  isDone?(publisher: Publisher, effect: E): Promise<boolean>
  /** Of a commit that did not come about. */
  withdraw?(objects: ObjectStore, effect: E): Promise<void>
  object?(effect: E): PromisedObject
}

const PERFORMERS: { readonly [K in Effect['kind']]: Performer<Extract<Effect, { readonly kind: K }>> } = {
  put: {
    visible: true,
    perform({ objects }, { ref, contentType, body, packed }) {
      const whole = packed ? unpackBody(`what was promised for ${objectUrl(ref)}`, body) : body
      return objects.put(ref, whole, { contentType })
    },
    // Looking costs a twelfth of writing, and a reader that watches for changes sees none.
    isDone: ({ objects }, { ref }) => objects.exists(ref),
    object: ({ ref, body }) => ({ ref, bytes: body.length, staged: false }),
  },
  complete: {
    visible: true,
    perform: ({ objects }, { staged }) => objects.complete(staged),
    withdraw: (objects, { staged }) => objects.abort(staged),
    object: ({ staged: { ref, bytes } }) => ({ ref, bytes, staged: true }),
  },
  print: {
    visible: true,
    perform({ print }, { text }) {
      print(text)
      return undefined
    },
  },
  call: {
    visible: false,
    line: ({ output }) => output,
    perform: ({ call }, effect, stands) => stands && call(effect, stands),
  },
  wake: {
    visible: false,
    perform: ({ wake }, { at }) => wake(at),
  },
}

export function performerOf(effect: Effect): Performer<Effect> {
  return PERFORMERS[effect.kind]
}

/** The objects among effects. */
export function objectsOf(effects: readonly Effect[]): PromisedObject[] {
  return effects.flatMap((effect) => performerOf(effect).object?.(effect) ?? [])
}
