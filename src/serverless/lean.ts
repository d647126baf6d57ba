// An esbuild plugin that leaves out of a bundle what no function needs of the AWS SDK, and lets esbuild see what else is not
// used. By size: docs/decisions/061-what-a-bundle-leaves-out.md. What a rule does not find any more, in another version of
// the SDK, stays as it is: the bundle grows, and test/serverless/bundle.test.ts tells.

import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Loader, Plugin } from 'esbuild'

const ENDING = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
/** What is bundled instead of something. */
export const leftOut = (name: string) => ({
  path: fileURLToPath(new URL(`./left-out/${name}.${ENDING}`, import.meta.url)),
})

/** Files of the SDK that are bundled otherwise than they are. */
interface Rewrite {
  readonly files: RegExp
  readonly loader: Loader
  readonly rewrite: (text: string) => string
}

const REWRITES: readonly Rewrite[] = [
  {
    // Each client takes its version from there, and would carry its scripts and dependencies along.
    files: /[\\/]@aws-sdk[\\/][^\\/]+[\\/]package\.json$/,
    loader: 'json',
    rewrite: (text) => {
      const { name, version } = JSON.parse(text)
      return JSON.stringify({ name, version })
    },
  },
  {
    files: /[\\/]@aws-sdk[\\/]client-[^\\/]+[\\/]dist-es[\\/]schemas[\\/]schemas_\d+\.js$/,
    loader: 'js',
    rewrite: withLiteralKeys,
  },
  {
    files: /[\\/]@smithy[\\/]core[\\/]dist-es[\\/]submodules[\\/]protocols[\\/]HttpProtocol\.js$/,
    loader: 'js',
    rewrite: withStaticImports,
  },
  {
    files: /[\\/]@aws-sdk[\\/]credential-provider-node[\\/]dist-es[\\/](defaultProvider|remoteProvider)\.js$/,
    loader: 'js',
    rewrite: withStaticImports,
  },
]

/**
 * A plugin for esbuild that leaves out of a bundle what no function needs of the AWS SDK: for those who call esbuild themselves.
 *
 * @example
 * import { build } from 'esbuild'
 * import { lean } from 'millrace/serverless'
 *
 * await build({ entryPoints: ['functions/words.ts'], outfile: 'dist/index.mjs', bundle: true, platform: 'node', format: 'esm', plugins: [lean] })
 */
export const lean: Plugin = {
  name: 'millrace-lean',
  setup({ onResolve, onLoad }) {
    // Only what the SDK's own chain would ask: a job that imports a provider by its name gets it.
    onResolve({ filter: /^@aws-sdk\/credential-provider-(ini|process|sso|web-identity)$/ }, ({ importer }) =>
      /[\\/]@aws-sdk[\\/]credential-provider-node[\\/]/.test(importer) ? leftOut('credentials') : undefined,
    )
    onResolve({ filter: /^mnemonist\/lru-cache$/ }, ({ importer }) =>
      /[\\/]@aws-sdk[\\/]endpoint-cache[\\/]/.test(importer) ? leftOut('lru-cache') : undefined,
    )
    for (const { files, loader, rewrite } of REWRITES) {
      onLoad({ filter: files }, async ({ path }) => ({ contents: rewrite(await readFile(path, 'utf8')), loader }))
    }
  },
}

/** For bundles in which nothing but Millrace calls the SDK, or what does has no event streams: 17 KB. */
export const withoutEventStreams: Plugin = {
  name: 'millrace-without-event-streams',
  setup({ onResolve }) {
    onResolve({ filter: /^@smithy\/core\/event-streams$/ }, () => leftOut('event-streams'))
  },
}

/** For deployments: a function on Lambda keeps no table in a folder. */
export const withoutFolder: Plugin = {
  name: 'millrace-without-folder',
  setup({ onResolve }) {
    onResolve({ filter: /\/sqlite-table\.[jt]s$/ }, ({ importer }) =>
      /[\\/]lambda[\\/]environment\.[jt]s$/.test(importer) ? leftOut('folder') : undefined,
    )
  },
}

/**
 * `{ [_h]: 1 }` as `{ ['http']: 1 }`, where `_h` is a constant of the file: esbuild keeps every object with a computed key,
 * since computing one might do something, and so the schemas of all operations.
 */
function withLiteralKeys(text: string): string {
  const constants = new Map(
    [...text.matchAll(/^const (_\w+) = ("[^"\\]*");$/gm)].map(([, name, value]) => [name, value]),
  )
  return text.replace(/\[(_\w+)\]: /g, (key, name) => (constants.has(name) ? `[${constants.get(name)}]: ` : key))
}

/** `const { a } = await import('b')` as an import: of what is imported lazily esbuild keeps everything. */
function withStaticImports(text: string): string {
  const imports: string[] = []
  const rest = text.replace(/^ *const (\{[\w, ]+\}) = await import\(("[^"]+")\);$/gm, (_, names, from) => {
    imports.push(`import ${names} from ${from};`)
    return ''
  })
  return `${imports.join('')}${rest}`
}
