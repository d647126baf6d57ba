// What a job is given as listeners, checked when it is defined: a method with a name that is no event would never be called.

import { InvalidOptionError } from '../errors/errors.ts'
import { nearest } from '../options/options.ts'
import type { EventName, Listener } from './listener.ts'

const EVENTS: Readonly<Record<EventName, true>> = {
  onApplicationStart: true,
  onApplicationEnd: true,
  onStreamingStarted: true,
  onBatchSubmitted: true,
  onBatchStarted: true,
  onBatchCompleted: true,
  onOutputOperationStarted: true,
  onOutputOperationCompleted: true,
  onQueryStarted: true,
  onQueryProgress: true,
  onQueryIdle: true,
  onQueryTerminated: true,
}

/** @throws InvalidOptionError for what is no listener, and for a method `on…` that no event calls. */
export function checkListeners(where: string, listeners: readonly Listener[]): readonly Listener[] {
  if (!Array.isArray(listeners)) throw new InvalidOptionError(`${where}: expected a list of listeners.`)
  for (const listener of listeners) checkListener(where, listener)
  return [...listeners]
}

function checkListener(where: string, listener: unknown): void {
  if (typeof listener !== 'object' || listener === null)
    throw new InvalidOptionError(`${where}: expected objects with methods such as onBatchCompleted.`)
  for (const name of methodsOf(listener)) {
    if (Object.hasOwn(EVENTS, name)) {
      const method: unknown = Reflect.get(listener, name)
      if (typeof method === 'function' || method === undefined) continue
      throw new InvalidOptionError(`${where}: ${name} must be a function.`)
    }
    throw new InvalidOptionError(`${where}: ${adviceFor(name)} Events: ${Object.keys(EVENTS).join(', ')}.`)
  }
}

function adviceFor(name: string): string {
  if (name.startsWith('onReceiver'))
    return `there is no ${name}: no receiver runs in a job, one is a producer of its own.`
  const near = nearest(name, Object.keys(EVENTS))
  return `there is no event ${name}.${near ? ` Did you mean '${near}'?` : ''}`
}

/** Names like `onSomething`, of the object and of its classes. */
function methodsOf(listener: object): string[] {
  const names = new Set<string>()
  for (let at: object | null = listener; at && at !== Object.prototype; at = Reflect.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) if (/^on[A-Z]/.test(name)) names.add(name)
  }
  return [...names]
}
