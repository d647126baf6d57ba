// In tests and simulations nothing that is handed to user code can be changed by it, but the accumulator (DESIGN §2a.3): values are
// frozen deep, and what cannot be frozen is looked at again after every operator. The error names the operator that tried. In
// production nothing is frozen: others see a change, or do not, as docs/guarantees.md says.

import { ValueChangedError } from '../errors/operator-errors.ts'
import { isComposite, isTypedArray, type TypedArray } from '../values/value.ts'

/** What V8 says when something frozen is changed, and what `refusing` says. */
const FROZEN = /read only|not extensible|Cannot (?:delete|redefine|define) property|is frozen/

const CHANGES: readonly (readonly [new (...args: never) => object, readonly string[]])[] = [
  [Map, ['set', 'delete', 'clear']],
  [Set, ['add', 'delete', 'clear']],
  [Date, Object.getOwnPropertyNames(Date.prototype).filter((name) => name.startsWith('set'))],
]

/** For one run of a program, or of a bucket's operators for one batch. */
export class Guard {
  readonly #seen = new WeakSet()
  readonly #bytes: { readonly view: TypedArray; readonly before: Buffer }[] = []

  /** Nobody can change these any more. */
  freeze(value: unknown): void {
    if (!isComposite(value) || this.#seen.has(value)) return
    this.#seen.add(value)
    if (isTypedArray(value)) {
      this.#bytes.push({ view: value, before: Buffer.from(bytesOf(value)) })
      return
    }
    if (value instanceof Map) for (const part of [...value].flat()) this.freeze(part)
    else for (const part of value instanceof Set ? value : Object.values(value)) this.freeze(part)
    for (const [made, names] of CHANGES) if (value instanceof made) refuse(value, made.name, names)
    Object.freeze(value)
  }

  freezeAll(values: readonly unknown[] | undefined): void {
    for (const value of values ?? []) this.freeze(value)
  }

  /** What an operator has thrown, as it is to be thrown on. */
  explain(operator: string, error: unknown): unknown {
    return isChange(error) ? new ValueChangedError(operator, error.message, { cause: error }) : error
  }

  /** Called after an operator has run. @throws ValueChangedError when it has changed bytes, which cannot be frozen */
  check(operator: string): void {
    for (const { view, before } of this.#bytes) {
      if (!before.equals(bytesOf(view))) throw new ValueChangedError(operator, `bytes of a ${view.constructor.name}`)
    }
  }
}

/** Hands values to work that must not change them. @throws ValueChangedError when it tries */
export async function guarded(operator: string, values: readonly unknown[], work: () => unknown): Promise<void> {
  const guard = new Guard()
  guard.freezeAll(values)
  try {
    await work()
  } catch (error) {
    throw guard.explain(operator, error)
  }
  guard.check(operator)
}

/** Whether an error comes of an attempt to change something frozen. */
export function isChange(error: unknown): error is TypeError {
  return error instanceof TypeError && FROZEN.test(error.message)
}

function refuse(value: object, kind: string, names: readonly string[]): void {
  if (Object.isFrozen(value)) return
  for (const name of names) {
    const refusing = (): never => {
      throw new TypeError(`${name} of a ${kind} that is frozen`)
    }
    Object.defineProperty(value, name, { value: refusing })
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: TypedArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
