// A service in a folder of its own, with the framework's command line as a user types it. The plugin's path has to be
// inside the folder, so the sources are linked; with a copy of package.json `millrace` is the name of these sources.

import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../../infra/run.ts'
import { makeTempFolder, removeTempFolder } from '../../infra/temp.ts'

export const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url))

/** They mean nothing to an emulator; without any the SDK would look for them on the network, for seconds. */
const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }

export class ServiceFolder {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  /** @param files contents by path */
  static async make(files: Readonly<Record<string, string>>): Promise<ServiceFolder> {
    const folder = new ServiceFolder(await makeTempFolder('service'))
    await copyFile(join(REPOSITORY, 'package.json'), join(folder.path, 'package.json'))
    await symlink(join(REPOSITORY, 'src'), join(folder.path, 'src'))
    for (const [name, text] of Object.entries(files)) await folder.write(name, text)
    return folder
  }

  async write(name: string, text: string): Promise<void> {
    const file = join(this.path, name)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
  }

  read(name: string): Promise<string> {
    return readFile(join(this.path, name), 'utf8')
  }

  /** `serverless <words>`: everything it says; an error with that when it fails. */
  async serverless(
    words: readonly string[],
    env: Readonly<Record<string, string>> = {},
    timeout = 120_000,
  ): Promise<string> {
    const program = join(REPOSITORY, 'node_modules/serverless/bin/serverless.js')
    // What it says, it says to stderr; `run` gives that in errors only.
    return run('sh', ['-c', 'exec "$0" "$@" 2>&1', process.execPath, program, ...words], {
      cwd: this.path,
      timeout,
      env: { PATH: process.env.PATH, HOME: this.path, ...CREDENTIALS, ...env },
    })
  }

  async remove(): Promise<void> {
    await removeTempFolder(this.path)
  }
}
