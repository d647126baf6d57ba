// dynalite for the contracts, and what clients of any emulator need.

export { startDynalite } from '../../infra/dynalite.ts'

/** What every client of an emulator needs; the values mean nothing to it. */
export const EMULATED = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
}
