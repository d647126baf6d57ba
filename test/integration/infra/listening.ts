// The addresses a process listens on, from /proc.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export function listening(pid: number): string[] {
  const own = new Set(sockets(pid))
  return ['tcp', 'tcp6'].flatMap((protocol) =>
    readFileSync(`/proc/${pid}/net/${protocol}`, 'latin1')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      // proc(5): sl local_address rem_address st … inode; state 0A is LISTEN
      .filter(([, , , state, , , , , , inode]) => state === '0A' && own.has(inode ?? ''))
      .map(([, local = '']) => addressOf(local)),
  )
}

/** Inodes of its sockets. */
function sockets(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? []
    } catch {
      return [] // closed meanwhile
    }
  })
}

/** `0100007F:1F90` → `127.0.0.1:8080`; an IPv4 address mapped into IPv6 as IPv4, another IPv6 address in hex. */
function addressOf(local: string): string {
  const [hex = '', port = ''] = local.split(':')
  const v4 = hex.length === 8 ? hex : hex.startsWith('0000000000000000FFFF0000') ? hex.slice(24) : undefined
  const host = v4 ? [...Buffer.from(v4, 'hex')].reverse().join('.') : hex
  return `${host}:${Number.parseInt(port, 16)}`
}
