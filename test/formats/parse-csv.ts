// A reader of CSV by the grammar of RFC 4180 (with LF), that skips empty lines as Python's and most others do.

export function parseCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let i = 0
  while (i < text.length) {
    if (text[i] === '\n' && row.length === 0) {
      i++ // an empty line
      continue
    }
    let field = ''
    if (text[i] === '"') {
      for (i++; text[i] !== '"' || text[i + 1] === '"'; i++) {
        if (i >= text.length) throw new SyntaxError('an open quote')
        if (text[i] === '"') i++
        field += text[i]
      }
      i++
    } else {
      for (; i < text.length && text[i] !== ',' && text[i] !== '\n'; i++) {
        if (text[i] === '"' || text[i] === '\r') throw new SyntaxError(`a bare ${JSON.stringify(text[i])}`)
        field += text[i]
      }
    }
    row.push(field)
    if (text[i] === ',') {
      i++
      if (i >= text.length || text[i] === '\n') row.push('')
      else continue
    }
    if (text[i] !== '\n') throw new SyntaxError('a record without an end')
    i++
    rows.push(row)
    row = []
  }
  return rows
}
