// Parameters of a job in this process are its environment variables, as they are of a deployed function. Runs may come and go in any
// order: a name has the value of the last that began and is still there, and what it was before when none is.

interface Name {
  readonly before: string | undefined
  readonly set: { readonly value: string }[]
}

const names = new Map<string, Name>()

/** Sets them, and returns what takes them back. */
export function setParameters(parameters: Readonly<Record<string, string>>): () => void {
  const mine = Object.entries(parameters).map(([name, text]) => {
    const known = names.get(name) ?? { before: process.env[name], set: [] }
    const entry = { value: text }
    names.set(name, known)
    known.set.push(entry)
    apply(name, known)
    return [name, known, entry] as const
  })
  return () => {
    for (const [name, known, entry] of mine.splice(0)) {
      known.set.splice(known.set.indexOf(entry), 1)
      apply(name, known)
      if (known.set.length === 0) names.delete(name)
    }
  }
}

function apply(name: string, { before, set }: Name): void {
  const value = set.at(-1)?.value ?? before
  if (value === undefined) delete process.env[name]
  else process.env[name] = value
}
