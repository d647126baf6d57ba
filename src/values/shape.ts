// What something that was stored must look like, said once: a shape is the check, and its type is what passes. So a field cannot be
// in the type and be forgotten in the check. Fields that are not listed are not looked at.

/** Whether a value is a `T`. */
export type Shape<T> = (value: unknown) => value is T

/** What passes. */
export type Infer<S> = S extends Shape<infer T> ? T : never

/** Of a field that may be missing. */
export interface Optional<T> {
  readonly optional: Shape<T>
}

type Fields = Readonly<Record<string, Shape<unknown> | Optional<unknown>>>
type OptionalKeys<F> = { [K in keyof F]: F[K] extends Optional<unknown> ? K : never }[keyof F]
type NeededKeys<F> = Exclude<keyof F, OptionalKeys<F>>

// Mapped over keys of `F` itself: so the docs of a field are those of its declaration.
type Needed<F> = { readonly [K in keyof F]: Infer<F[K]> }
type Missing<F> = { readonly [K in keyof F]?: F[K] extends Optional<infer T> ? T : never }
/** Written out, as compilers and editors then show it. */
type Flat<T> = T extends infer O ? { readonly [K in keyof O]: O[K] } : never

/** An object with these fields. */
export type Of<F> = Flat<Needed<Pick<F, NeededKeys<F>>> & Missing<Pick<F, OptionalKeys<F>>>>

/**
 * An object with these fields.
 *
 * @example
 * const isSpan = shape({ from: number, until: optional(number) })
 * type Span = Infer<typeof isSpan>
 */
export function shape<F extends Fields>(fields: F): Shape<Of<F>> {
  const names = Object.keys(fields)
  const checks = Object.values(fields).map((field) => (typeof field === 'function' ? field : maybe(field.optional)))
  return (value): value is Of<F> => {
    if (!isObject(value)) return false
    for (let i = 0; i < names.length; i++) {
      if (!checks[i]?.(value[names[i] ?? ''])) return false
    }
    return true
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/** A field that may be missing. */
export function optional<T>(of: Shape<T>): Optional<T> {
  return { optional: of }
}

/** A field that must be there, and may be undefined. */
export function maybe<T>(of: Shape<T>): Shape<T | undefined> {
  return (value): value is T | undefined => value === undefined || of(value)
}

export function list<T>(of: Shape<T>): Shape<readonly T[]> {
  return (value): value is readonly T[] => {
    if (!Array.isArray(value)) return false
    for (const one of value) if (!of(one)) return false
    return true
  }
}

/** A list as long as state is: that it is one is enough. */
export function anyList<T>(): Shape<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value)
}

/** @typeParam T gives the elements names: `tuple<[edge: string, bucket: number]>(text, count)`. */
export function tuple<T extends readonly unknown[]>(...of: { [I in keyof T]: Shape<T[I]> }): Shape<Readonly<T>> {
  const checks: readonly Shape<unknown>[] = of
  return (value): value is Readonly<T> =>
    Array.isArray(value) && value.length === checks.length && beginsWith(value, checks)
}

/** A tuple after which one more may follow. */
export function tupleAnd<T extends readonly unknown[], L>(
  last: Shape<L>,
  ...of: { [I in keyof T]: Shape<T[I]> }
): Shape<readonly [...T, last?: L]> {
  const checks: readonly Shape<unknown>[] = of
  return (value): value is readonly [...T, last?: L] =>
    Array.isArray(value) &&
    (value.length === checks.length || (value.length === checks.length + 1 && last(value[checks.length]))) &&
    beginsWith(value, checks)
}

function beginsWith(value: readonly unknown[], checks: readonly Shape<unknown>[]): boolean {
  for (let i = 0; i < checks.length; i++) if (!checks[i]?.(value[i])) return false
  return true
}

export function either<S extends readonly Shape<unknown>[]>(...of: S): Shape<Infer<S[number]>> {
  return (value): value is Infer<S[number]> => of.some((is) => is(value))
}

export function exactly<const V extends readonly unknown[]>(...values: V): Shape<V[number]> {
  return (value): value is V[number] => values.includes(value)
}

/** What has the shape, and of which this holds as well. */
export function where<T>(of: Shape<T>, holds: (value: T) => boolean): Shape<T> {
  return (value): value is T => of(value) && holds(value)
}

export const anything: Shape<unknown> = (_): _ is unknown => true
export const text: Shape<string> = (value): value is string => typeof value === 'string'
export const flag: Shape<boolean> = (value): value is boolean => typeof value === 'boolean'
export const number: Shape<number> = (value): value is number => typeof value === 'number'
export const bytes: Shape<Uint8Array> = (value): value is Uint8Array => value instanceof Uint8Array
/** A number that is held exactly. */
export const whole: Shape<number> = (value): value is number => Number.isSafeInteger(value)
