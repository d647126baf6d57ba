// How many parameters a function names. Shapes of functions are told apart by `length`, and that stops at the first parameter with a
// default value: `(values, state = 0) => …` has the length of `(groups) => …`, and would be taken for one without a word.

/** Texts and comments, in which commas and brackets mean nothing. */
const SKIPPED = /'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g

/** Whether a function names more parameters than its `length` counts, as far as its text tells. */
export function namesMoreParameters(f: (...args: never) => unknown): boolean {
  const source = String(f).replace(SKIPPED, '')
  if (/^(?:async\s+)?[\w$]+\s*=>/.test(source)) return false
  let depth = 0
  let named = 0
  let begun = false
  for (const char of source.slice(source.indexOf('('))) {
    if ('([{'.includes(char)) depth++
    else if (')]}'.includes(char)) depth--
    if (depth === 0) break
    if (depth === 1 && char === ',') begun = false
    else if (!begun && char !== '(' && /\S/.test(char)) {
      begun = true
      named++
    }
  }
  return named > f.length
}

/** For messages about functions that are told apart by their number of parameters. */
export const DEFAULTS_DO_NOT_COUNT =
  'A parameter with a default value is not counted, nor those after it: take the default inside, (values, state) => { const known = state ?? new Map() … }.'
