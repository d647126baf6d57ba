// DuckDB beside a function's bundle, in the same archive: `node_modules/@duckdb`, as Node.js looks for it from there. Not as a layer: an ES module
// does not find packages in one, and a function is deployed in one piece. A binding is a package for one platform, and npm installs that of
// the machine that it runs on.

import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { InvalidOptionError } from '../errors/errors.ts'

/** As Lambda and the framework call them. */
export type Architecture = 'x86_64' | 'arm64'

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: the package unzipped, layers included. */
const MAX_BYTES = 250 * 1024 * 1024

/** What Node.js reads of a package. DuckDB's licence goes along. */
const NEEDED = /(\.js|\.node|\.so|package\.json|LICENSE)$/

/**
 * Its files by their names in the archive.
 *
 * @throws InvalidOptionError with the command that installs what is missing.
 */
export async function duckdbFiles(
  serviceDir: string,
  handler: string,
  architecture: Architecture,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const missing = (name: string, command: string): never => {
    throw new InvalidOptionError(
      `${handler} calls sql(), and ${name} is not installed for it. Run ${command}. If what it calls is no batch's sql(), say sql: false beside its handler.`,
    )
  }
  const api = '@duckdb/node-api'
  const apiFolder = folderOf(api, serviceDir) ?? missing(api, `npm install ${api}`)
  const bindingsFolder =
    folderOf('@duckdb/node-bindings', apiFolder) ?? missing('@duckdb/node-bindings', `npm install ${api}`)
  const platform = `@duckdb/node-bindings-linux-${architecture === 'arm64' ? 'arm64' : 'x64'}`
  const { version } = JSON.parse(await readFile(join(bindingsFolder, 'package.json'), 'utf8'))
  const platformFolder =
    folderOf(platform, bindingsFolder) ??
    missing(`${platform} (architecture ${architecture})`, `npm install --no-save --force ${platform}@${version}`)
  const files = new Map<string, Uint8Array>()
  const folders = { [api]: apiFolder, '@duckdb/node-bindings': bindingsFolder, [platform]: platformFolder }
  for (const [name, folder] of Object.entries(folders)) {
    for (const path of await filesOf(folder)) {
      files.set(`node_modules/${name}/${relative(folder, path).replaceAll('\\', '/')}`, await content(path))
    }
  }
  const bytes = [...files.values()].reduce((sum, { byteLength }) => sum + byteLength, 0)
  if (bytes < MAX_BYTES) return files
  throw new InvalidOptionError(
    `${handler} calls sql(), and DuckDB ${version} has ${Math.round(bytes / 1024 / 1024)} MB, more than the 250 MB that Lambda takes: install another version.`,
  )
}

/** Where a package is for whoever is in `from`. */
function folderOf(name: string, from: string): string | undefined {
  try {
    return dirname(createRequire(join(from, 'index.js')).resolve(`${name}/package.json`))
  } catch {
    return undefined
  }
}

/** Read once, and packed once, for all functions of a service. */
const contents = new Map<string, Promise<Uint8Array>>()

function content(path: string): Promise<Uint8Array> {
  const known = contents.get(path) ?? readFile(path)
  contents.set(path, known)
  return known
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && NEEDED.test(entry.name))
  return files.map(({ parentPath, name }) => join(parentPath, name)).sort()
}
