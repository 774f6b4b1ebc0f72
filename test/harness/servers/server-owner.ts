import { readFile } from 'node:fs/promises'

interface Owner {
  readonly uid?: number
  readonly gid?: number
}

/** PostgreSQL refuses to run as root, so root runs it as `nobody`, who exists everywhere. */
export const serverOwner = async (): Promise<Owner> => {
  if (process.getuid?.() !== 0) return {}
  const users = await readFile('/etc/passwd', 'utf8')
  const nobody = users.split('\n').find((line) => line.startsWith('nobody:'))
  if (nobody === undefined) throw new Error('there is no user `nobody` to run PostgreSQL as')
  const [, , uid, gid] = nobody.split(':')
  return { uid: Number(uid), gid: Number(gid) }
}
