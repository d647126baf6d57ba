// What DynamoDB counts of an item, and how many distinct things are among many.

/** Of a write: whole KB. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html */
export const writeUnits = (bytes: number): number => Math.max(1, Math.ceil(bytes / 1024))

/** Of items that are some of them larger and some smaller than the mean: whole units have a step at each KB. */
export function meanUnits(bytes: number): number {
  const spread = [0.85, 0.95, 1.05, 1.15]
  return spread.reduce((sum, factor) => sum + writeUnits(bytes * factor), 0) / spread.length
}

/** How many of `kinds` are among `n`, each as likely. */
export function distinct(kinds: number, n: number): number {
  return kinds <= 1 ? Math.min(kinds, n) : kinds * (1 - (1 - 1 / kinds) ** n)
}
