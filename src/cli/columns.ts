// Tables for the terminal: columns as wide as what is in them, numbers to the right.

/** Lines of a table whose first row is its heads. */
export function columns(rows: readonly (readonly (string | number)[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => String(row[column] ?? '').length)))
  const toRight = (rows[0] ?? []).map((_, column) => rows.slice(1).every((row) => isFigure(row[column])))
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const [text, width] = [String(cell), widths[column] ?? 0]
        return toRight[column] ? text.padStart(width) : text.padEnd(width)
      })
      .join('  ')
      .trimEnd(),
  )
}

/** `-` stands for a figure that is not there. */
const isFigure = (cell: string | number | undefined): boolean => typeof cell === 'number' || cell === '-'
