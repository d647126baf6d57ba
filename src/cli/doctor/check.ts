// One thing that `millrace doctor` looks at, and what it found.

import { describeCause, MillraceError } from '../../errors/errors.ts'

export interface Finding {
  /** What was looked at: `table`, `mapping lines`. */
  readonly check: string
  /** `skipped`: there is nothing to look at, or what it needs was not found. */
  readonly status: 'ok' | 'failed' | 'skipped'
  /** What was found, or what is wrong. */
  readonly found: string
  /** What to do about it. */
  readonly remedy?: string
}

export const ok = (check: string, found: string): Finding => ({ check, status: 'ok', found })
export const skipped = (check: string, found: string): Finding => ({ check, status: 'skipped', found })
export const failed = (check: string, found: string, remedy: string): Finding => ({
  check,
  status: 'failed',
  found,
  remedy,
})

/** What a check throws is what it found: a doctor dies of nothing. */
export async function looked(
  check: string,
  look: () => Promise<readonly Finding[] | Finding>,
  remedy: string,
): Promise<readonly Finding[]> {
  try {
    return [await look()].flat()
  } catch (error) {
    return [failed(check, error instanceof MillraceError ? error.message : nameOf(error), remedy)]
  }
}

/** Errors of AWS are told apart by their names. */
function nameOf(error: unknown): string {
  const name = error instanceof Error && error.name !== 'Error' ? `${error.name}: ` : ''
  return name + describeCause(error).replace(name, '')
}

const SIGNS = { ok: '✔', failed: '✖', skipped: '–' } as const

export function inWords({ check, status, found, remedy }: Finding): string[] {
  return [`${SIGNS[status]} ${check}: ${found}`, ...(remedy === undefined ? [] : [`  → ${remedy}`])]
}
