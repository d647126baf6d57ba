// What functions that must not be asynchronous may return, as the compiler sees it; `options/synchronous.ts` stops what gets past it.

/** `unknown` for what a function may return; for a promise the sentence that the compiler shows. */
export type Sync<U> = 0 extends 1 & U
  ? unknown
  : [Extract<U, PromiseLike<unknown>>] extends [never]
    ? unknown
    : 'This function returns a promise. Use mapAsync(f) for what is asynchronous, and go on with its results.'
