// Archives, read and checked.

import { crc32, inflateRawSync } from 'node:zlib'
import { expect } from 'vitest'

/** Reads an archive by its directory, as every reader does. */
export function unzip(bytes: Uint8Array): Map<string, { content: Buffer; mode: number }> {
  const archive = Buffer.from(bytes)
  const end = archive.lastIndexOf('PK\x05\x06', undefined, 'latin1')
  const files = new Map<string, { content: Buffer; mode: number }>()
  let at = archive.readUInt32LE(end + 16)
  for (let i = archive.readUInt16LE(end + 10); i > 0; i--) {
    expect(archive.toString('latin1', at, at + 4)).toBe('PK\x01\x02')
    const [packed, plain, named] = [
      archive.readUInt32LE(at + 20),
      archive.readUInt32LE(at + 24),
      archive.readUInt16LE(at + 28),
    ]
    const name = archive.toString('utf8', at + 46, at + 46 + named)
    const local = archive.readUInt32LE(at + 42)
    const from = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28)
    const content = inflateRawSync(archive.subarray(from, from + packed))
    expect(content.length).toBe(plain)
    expect(crc32(content)).toBe(archive.readUInt32LE(at + 16))
    files.set(name, { content, mode: archive.readUInt32LE(at + 38) >>> 16 })
    at += 46 + named
  }
  expect(at).toBe(end)
  return files
}
