// What stands in a bundle for providers of credentials that no function needs: it passes what nobody asked for, and refuses
// what somebody did.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { makeTempFolder, removeTempFolder } from '../../../infra/temp.ts'
import { fromIni, fromProcess, fromSSO, fromTokenFile } from '../../../src/serverless/left-out/credentials.ts'

let home: string
beforeEach(async () => {
  home = await makeTempFolder('home')
  for (const name of ['AWS_PROFILE', 'AWS_WEB_IDENTITY_TOKEN_FILE']) vi.stubEnv(name, undefined)
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(home, 'credentials'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await removeTempFolder(home)
})

it.each([
  ['profiles', fromIni],
  ['processes', fromProcess],
  ['tokens', fromTokenFile],
])('without any %s the chain goes on', async (_, provider) => {
  await expect(provider()()).rejects.toMatchObject({ name: 'CredentialsProviderError', tryNextLink: true })
})

const REFUSED = { name: 'CredentialsProviderError', tryNextLink: false }

it('a profile is refused, named by the variable or the client', async () => {
  vi.stubEnv('AWS_PROFILE', 'shop')
  await expect(fromIni()()).rejects.toMatchObject(REFUSED)
  await expect(fromIni()()).rejects.toThrow(
    'The profile shop is to be used, and a bundled function reads no credentials',
  )
  await expect(fromIni({ profile: 'other' })()).rejects.toThrow('The profile other is to be used')
})

it('so is a file of credentials: whoever has one does not mean the role of the machine', async () => {
  await writeFile(join(home, 'credentials'), '[default]\n')
  await expect(fromIni()()).rejects.toMatchObject(REFUSED)
  await expect(fromIni()()).rejects.toThrow(`only ${join(home, 'credentials')}, and a bundled function`)
})

it('and a web identity token, and single sign-on', async () => {
  vi.stubEnv('AWS_WEB_IDENTITY_TOKEN_FILE', '/var/run/token')
  await expect(fromTokenFile()()).rejects.toMatchObject(REFUSED)
  await expect(fromTokenFile()()).rejects.toThrow('The web identity token /var/run/token is to be used')
  await expect(fromSSO()()).rejects.toMatchObject(REFUSED)
})
