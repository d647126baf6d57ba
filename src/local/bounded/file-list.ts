// Files to be read as records: a file, all below a directory, or all below a prefix of S3. In the order of names, numbers by their value.

import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3'
import { InvalidOptionError } from '../../errors/errors.ts'
import { bucketOfUrl, objectUrl, refOfUrl } from '../../names/objects.ts'
import { serviceError } from '../../stores/service-errors.ts'

export interface LineFile {
  /** As its place was said, or below it. */
  readonly name: string
  readonly bytes: number
  /** When it was written last, milliseconds. */
  readonly modified: number
  open(): Promise<AsyncIterable<Uint8Array>>
}

const byName = new Intl.Collator('en', { numeric: true })

/**
 * What is hidden, or begins with `_` as `_SUCCESS` does, is left out at every level, as Spark leaves it out.
 *
 * @param s3 makes the client when it is needed
 * @throws InvalidOptionError when there is nothing.
 */
export async function listFiles(place: string, s3: () => S3Client): Promise<LineFile[]> {
  const files = place.startsWith('s3://') ? await listObjects(place, s3()) : await listDirectory(place)
  if (files.length === 0)
    throw new InvalidOptionError(`${place} has no files to read (names that begin with '.' or '_' are left out).`)
  return files.sort((a, b) => byName.compare(a.name, b.name) || (a.name < b.name ? -1 : 1))
}

const isHidden = (path: string): boolean => path.split('/').some((name) => /^[._]/.test(name))

async function listDirectory(place: string): Promise<LineFile[]> {
  const found = await stat(place).catch(() => undefined)
  if (!found) throw new InvalidOptionError(`There is no ${place}: name a file, a directory, or s3://bucket/prefix.`)
  const file = async (path: string): Promise<LineFile> => {
    const { size, mtimeMs } = await stat(path)
    return { name: path, bytes: size, modified: Math.floor(mtimeMs), open: async () => createReadStream(path) }
  }
  if (found.isFile()) return [await file(place)]
  const entries = await readdir(place, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  return Promise.all(paths.filter((path) => !isHidden(relative(place, path))).map(file))
}

async function listObjects(place: string, client: S3Client): Promise<LineFile[]> {
  const bucket = bucketOfUrl(place) ?? refOfUrl(place)?.bucket
  const prefix = refOfUrl(place)?.key ?? ''
  if (bucket === undefined) throw new InvalidOptionError(`${place} is no place of objects: write s3://bucket/prefix.`)
  const files: LineFile[] = []
  for (let from: string | undefined, more = true; more; more = from !== undefined) {
    const page = await asked(place, 'ListObjectsV2', 's3:ListBucket', () =>
      client.send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ...(from && { ContinuationToken: from }) }),
      ),
    )
    for (const { Key: key, Size = 0, LastModified } of page.Contents ?? []) {
      if (key === undefined || key.endsWith('/') || isHidden(key.slice(prefix.length).replace(/^\//, ''))) continue
      const name = objectUrl({ bucket, key })
      files.push({
        name,
        bytes: Size,
        modified: LastModified?.getTime() ?? 0,
        open: () => asked(name, 'GetObject', 's3:GetObject', () => opened(client, bucket, key)),
      })
    }
    from = page.NextContinuationToken
  }
  return files
}

async function opened(client: S3Client, Bucket: string, Key: string): Promise<AsyncIterable<Uint8Array>> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
  if (!Body || !(Symbol.asyncIterator in Body)) throw new Error('the answer has no body')
  return Body
}

async function asked<T>(target: string, operation: string, action: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request()
  } catch (cause) {
    throw serviceError({ service: 's3', operation, target, action, cause })
  }
}
