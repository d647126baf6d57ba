// What docstrings of the public surface must have: every exported name and every member of it a sentence, and every function, class and method an
// example. Examples are type-checked (`check-examples.ts`). The model is API Extractor's.

/** An item of API Extractor's model, as far as it is read here. */
export interface ApiItem {
  readonly kind: string
  readonly name?: string
  readonly docComment?: string
  /** `millrace!job:function`; of what is only reached, `millrace!~Facts:type`. */
  readonly canonicalReference?: string
  readonly members?: readonly ApiItem[]
}

export interface Example {
  /** `DStream.map`. */
  readonly of: string
  readonly code: string
}

/** The one class whose example serves all errors: nobody makes the others, and all are caught alike. */
const ERRORS = /^(?!MillraceError$)\w+Error$/
const NEED_EXAMPLES = new Set(['Function', 'Class', 'Method'])

/** What is missing, a line each. */
export function missingDocs(page: string, entry: ApiItem): string[] {
  return documented(entry).flatMap(([name, overloads]) => {
    const [first] = overloads
    if (!first) return []
    const docs = overloads.map(({ docComment = '' }) => docComment)
    if (docs.every((doc) => summary(doc) === '')) return [`${page}: ${name} has no docstring`]
    const needs = NEED_EXAMPLES.has(first.kind) && !ERRORS.test(name.split('.')[0] ?? '')
    return needs && !docs.some((doc) => examplesIn(doc).length > 0) ? [`${page}: ${name} has no @example`] : []
  })
}

export function examplesOf(entry: ApiItem): Example[] {
  return documented(entry).flatMap(([of, overloads]) =>
    overloads.flatMap(({ docComment = '' }) => examplesIn(docComment).map((code) => ({ of, code }))),
  )
}

export function isExported({ canonicalReference = '' }: ApiItem): boolean {
  return !canonicalReference.includes('!~')
}

/** Exported names and their members, overloads together. */
function documented(entry: ApiItem): [name: string, overloads: ApiItem[]][] {
  const all = (entry.members ?? []).filter(isExported).flatMap((item) => [
    { name: item.name ?? '', item },
    // Constructors are the runtime's: errors and streams are not made by users.
    ...(item.members ?? [])
      .filter(({ kind }) => kind !== 'Constructor')
      .map((member) => ({ name: `${item.name}.${member.name}`, item: member })),
  ])
  const names = Map.groupBy(all, ({ name }) => name)
  return [...names].map(([name, items]) => [name, items.map(({ item }) => item)])
}

/** The text of a comment, without stars. */
function textOf(docComment: string): string {
  const inner = docComment
    .trim()
    .replace(/^\/\*\*/, '')
    .replace(/\*\/$/, '')
  return inner.replaceAll(/^[ \t]*\*? ?/gm, '').trim()
}

function summary(docComment: string): string {
  return (
    /^[\s\S]*?(?=^@(?:param|returns|throws|example|internal)\b|$(?![\s\S]))/m.exec(textOf(docComment))?.[0] ?? ''
  ).trim()
}

export function examplesIn(docComment: string): string[] {
  const [, ...parts] = textOf(docComment).split(/^@example\b[ \t]*/m)
  return parts
    .map((part) => part.split(/^@(?:param|returns|throws|example|internal)\b/m)[0]?.trim() ?? '')
    .filter((code) => code !== '')
}
