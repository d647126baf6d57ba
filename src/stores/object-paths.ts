// Keys of objects as paths of files, both ways. An ordinary key is its own path, for people to `ls` and `cat`; whatever a
// file system cannot hold is escaped with `%`, which itself is written `%25`, so that no two keys share a path:
//
//   hot-words-5000/part-0   hot-words-5000/part-0
//   a//b   a/               a/%empty/b   a/%empty
//   .   ..   NUL            %2E   %2E%2E   %00           (controls, and dots where they are a whole segment)
//   <300 bytes>             <240 bytes>%more/<60 bytes>   (a file's name has at most 255)
//   a, beside a/b           a%object                     (only where a directory has taken the plain name)
//
// Not covered: file systems that take `A` and `a`, or two Unicode spellings, for the same name (macOS by default).

/** Bytes of one path segment; leaves room for a suffix below the 255 of ext4, xfs, APFS and NTFS. */
const CHUNK_BYTES = 240

const EMPTY = '%empty'
const MORE = '%more'
const OBJECT = '%object'

/** Relative path of a key's file, with `/` between segments. */
export function keyToPath(key: string): string {
  return key.split('/').map(segmentToPath).join('/')
}

/** Name of a bucket's directory; never one that starts with a dot, so that these are ours. */
export function bucketToPath(bucket: string): string {
  return segmentToPath(bucket).replace(/^\.|\//g, escapeChar)
}

/** Where an object is kept when the path of its key is taken by a directory. */
export function besideDirectory(path: string): string {
  return path + OBJECT
}

/** The key that a file holds; `undefined` for a file that no key leads to. */
export function pathToKey(path: string): string | undefined {
  const plain = path.endsWith(OBJECT) ? path.slice(0, -OBJECT.length) : path
  const key = directoryToPrefix(plain).slice(0, -1)
  return keyToPath(key) === plain ? key : undefined
}

/** What the keys of all files below a directory start with. */
export function directoryToPrefix(path: string): string {
  return path
    .split('/')
    .map((name) => (name === EMPTY ? '/' : name.endsWith(MORE) ? name.slice(0, -MORE.length) : `${name}/`))
    .join('')
    .replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

function segmentToPath(segment: string): string {
  if (segment === '') return EMPTY
  const escaped = segment.replace(/[%\p{Cc}]/gu, escapeChar)
  return chunks(escaped).map(escapeDots).join(`${MORE}/`)
}

/** `.` and `..` mean something to a file system, as a whole name only. */
function escapeDots(name: string): string {
  return name === '.' || name === '..' ? name.replaceAll('.', escapeChar) : name
}

function escapeChar(char: string): string {
  return `%${char.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`
}

/** Cuts a name into pieces of at most CHUNK_BYTES, between characters and never inside an escape. */
function chunks(text: string): string[] {
  if (text.length * 3 <= CHUNK_BYTES) return [text]
  const pieces: string[] = []
  let piece = ''
  let bytes = 0
  for (const [char] of text.matchAll(/%[0-9A-F]{2}|./gsu)) {
    const size = Buffer.byteLength(char)
    if (bytes + size > CHUNK_BYTES) {
      pieces.push(piece)
      piece = ''
      bytes = 0
    }
    piece += char
    bytes += size
  }
  return [...pieces, piece]
}
