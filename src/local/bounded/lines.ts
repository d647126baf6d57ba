// Lines of a stream of bytes, one after the other, whatever the pieces in which it comes.

/** A line that is longer is no line of text: the file is of another kind, or is packed. */
const LONGEST_BYTES = 16 * 1024 * 1024

/** A file that ends without a line end has a last line all the same. The bytes of a line are those of the stream, without `\n` or `\r\n`. */
export async function* linesOf(stream: AsyncIterable<Uint8Array>, tooLong: () => Error): AsyncGenerator<Buffer[]> {
  let rest: Buffer[] = []
  let held = 0
  for await (const bytes of stream) {
    const piece = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const lines: Buffer[] = []
    let from = 0
    for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, from)) {
      const last = piece.subarray(from, end)
      lines.push(withoutReturn(rest.length === 0 ? last : Buffer.concat([...rest, last])))
      rest = []
      held = 0
      from = end + 1
    }
    if (from < piece.length) {
      rest.push(piece.subarray(from))
      held += piece.length - from
    }
    if (held > LONGEST_BYTES) throw tooLong()
    if (lines.length > 0) yield lines
  }
  if (rest.length > 0) yield [withoutReturn(Buffer.concat(rest))]
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === 13 ? line.subarray(0, -1) : line
}
