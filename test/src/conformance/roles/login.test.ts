import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { Grant, renderSql, ResidueError } from '@pgsr/node-postgres'
import pg from 'pg'
import { expect, inject, test } from 'vitest'
import { conformanceAround16 } from '../../../harness/drivers/conformance.ts'
import { verifierOf } from '../../../../packages/driver/src/passwords/verifier.ts'
import { untilSomebodyWaits } from '../../../harness/sandbox/waiting.ts'
import {
  canConnect,
  checkedRole,
  type LoginClient,
  loginClients,
} from '../../../harness/sandbox/passwords.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'
import { connectionTo, serversAround16 } from '../../../harness/servers/servers.ts'

const loginOf = async ({ admin }: Sandbox, role: string) => {
  const [row] = await admin(
    `select rolcanlogin, coalesce(rolvaliduntil, 'infinity')::text, rolpassword from pg_authid where rolname = '${role}'`,
  )
  const [login, validUntil, verifier] = row as [boolean, string, string | null]
  return { login, validUntil, verifier }
}

/** Whether a stored verifier is that of a password, by RFC 5802 or as md5. */
const fits = (verifier: string, role: string, password: string): boolean => {
  if (verifier.startsWith('md5'))
    return verifier === `md5${createHash('md5').update(`${password}${role}`).digest('hex')}`
  const match = /^SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):(.+)$/.exec(verifier)
  if (match === null) return false
  const [, iterations, salt = '', storedKey, serverKey] = match
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(iterations), 32, 'sha256')
  const hmac = (text: string): Buffer => createHmac('sha256', salted).update(text).digest()
  return (
    createHash('sha256').update(hmac('Client Key')).digest('base64') === storedKey &&
    hmac('Server Key').toString('base64') === serverKey
  )
}

interface Password {
  readonly password: string
  /** What a client sends that prepares nothing itself, where that is something else. */
  readonly prepared?: string
  /** A client that prepares by halves. */
  readonly notBy?: string
}

/** What SASLprep leaves alone, changes, and refuses. */
const passwords: readonly Password[] = [
  { password: 'right' },
  { password: 'tab\t, newline\n, bell\u0007 and \u007f' },
  { password: 'é ‘quoted’ \\ 中' },
  { password: 'ⅨI\u00AD\u2000x', prepared: 'IXI x' },
  { password: 'e\u0301\uFB01\u1100\u1161', prepared: 'éfi가' },
  { password: '\u05D0\u00A01\u200C\uFB2A', prepared: '\u05D0 1\u05E9\u05C1' },
  { password: 'a\u05D0' },
  { password: '🫠 is newer than Unicode 3.2' },
  { password: '\uE000' },
  { password: 'Ⅸ with a bell\u0007', notBy: 'pg' },
  { password: 'à with a mark that is refused: a\u0340', notBy: 'pg' },
  { password: '\u00AD', notBy: 'pg' },
]

/** What is stored for a password is the same on every server, so each meets all clients on servers one after the other. */
const inTurn = ({ server }: Sandbox, index: number, clients: readonly LoginClient[]): LoginClient => {
  const turn = serversAround16(inject('servers')).findIndex(({ name }) => name === server.name)
  return clients[(Math.max(turn, 0) + index) % clients.length]!
}

// What is stored does not depend on the driver.
conformanceAround16('logins', (sandbox) => {
  test('a role that does not exist is created without any rights', async () => {
    const box = sandbox()
    const role = box.name('nobody')
    const { changed } = await box.sync({ role, grants: [] })
    expect(changed).toBe(true)
    expect([...(await box.holdings([role]))].filter((thing) => thing.startsWith(role))).toEqual([
      `${role}: is there`,
    ])
    expect((await box.sync({ role, grants: [] })).changed).toBe(false)
  })

  test('a role can log in with its password until LOGIN is taken away', async () => {
    const box = sandbox()
    const role = box.name('alice')
    await box.sync({ role, grants: [Grant.login({ password: 'open ‘sesame’ \\ é' })] })
    const { login, validUntil, verifier } = await loginOf(box, role)
    expect({ login, validUntil }).toEqual({ login: true, validUntil: 'infinity' })
    expect(fits(verifier ?? '', role, 'open ‘sesame’ \\ é')).toBe(true)
    expect(fits(verifier ?? '', role, 'open sesame')).toBe(false)
    expect(await canConnect(box, role, 'open ‘sesame’ \\ é')).toBe(true)

    await box.sync({ role, grants: [] })
    expect(await loginOf(box, role)).toMatchObject({ login: false, verifier: null })
    expect(await canConnect(box, role, 'open ‘sesame’ \\ é')).toBe(false)
  })

  test('a password is changed, and the old one no longer works', async () => {
    const box = sandbox()
    if (box.server.logFile === undefined) return // somebody else’s server lets in whom it wants
    const [role, checked] = [box.name('alice'), await checkedRole(box)]
    for (const [password, other] of [
      ['first', 'second'],
      ['second', 'first'],
    ] as const) {
      await box.sync({ role, grants: [Grant.login({ password }), Grant.roleMembership(checked)] })
      expect(await canConnect(box, role, password)).toBe(true)
      expect(await canConnect(box, role, other)).toBe(false)
    }
  })

  test('a role keeps its password if none is given', async () => {
    const box = sandbox()
    const role = box.name('alice')
    await box.run(`create role ${role} login password 'kept'`)
    const { verifier } = await loginOf(box, role)
    await box.sync({ role, grants: [Grant.login({ validUntil: '2031-01-01T00:00:00Z' })] })
    expect((await loginOf(box, role)).verifier).toBe(verifier)
  })

  test('an initial password is set for a new role, and later the role keeps the one that it has', async () => {
    const box = sandbox()
    if (box.server.logFile === undefined) return // somebody else’s server lets in whom it wants
    const checked = await checkedRole(box)
    const [alice, bob] = [box.name('alice'), box.name('bob')]
    await box.run(`create role ${bob} login`)
    const asked = (initialPassword: string) =>
      [alice, bob].map((role) => ({
        role,
        grants: [Grant.login({ initialPassword }), Grant.roleMembership(checked)],
      }))
    expect(renderSql(await box.plan(asked('first')))).toContain(`sets the password of role "${alice}"`)
    await box.sync(asked('first'))
    expect(await canConnect(box, alice, 'first')).toBe(true)
    // Who may not read what is stored takes it that a role that may log in has a password.
    expect(await canConnect(box, bob, 'first')).toBe(box.isSuperuser)
    expect((await box.sync(asked('second'))).changed).toBe(false)
    await box.run(`alter role ${alice} password 'its own'`)
    const { verifier } = await loginOf(box, alice)
    expect((await box.sync(asked('second'))).changed).toBe(false)
    expect((await loginOf(box, alice)).verifier).toBe(verifier)
    await box.run(`alter role ${alice} password null`)
    expect((await box.sync(asked('second'))).changed).toBe(box.isSuperuser)
    expect(await canConnect(box, alice, 'second')).toBe(box.isSuperuser)
  })

  test('a password that was stored while the role had no LOGIN does not work', async () => {
    const box = sandbox()
    if (box.server.logFile === undefined) return // somebody else’s server lets in whom it wants
    const checked = await checkedRole(box)
    const [alice, bob, carol] = [box.name('alice'), box.name('bob'), box.name('carol')]
    for (const role of [alice, bob, carol]) await box.run(`create role ${role} nologin password 'old'`)
    const asking = (role: string, login = Grant.login()) => ({
      role,
      grants: [login, Grant.roleMembership(checked)],
    })
    await box.sync([
      asking(alice),
      asking(bob, Grant.login({ password: 'new' })),
      asking(carol, Grant.login({ password: 'old' })),
    ])
    expect((await loginOf(box, alice)).verifier).toBe(null)
    const lets = (role: string, password: string) => canConnect(box, role, password)
    expect([await lets(alice, 'old'), await lets(bob, 'old'), await lets(bob, 'new')]).toEqual([
      false,
      false,
      true,
    ])
    expect(await lets(carol, 'old')).toBe(true)
    // Who may log in already keeps its password.
    await box.sync(asking(bob, Grant.login({ validUntil: '2031-01-01T00:00:00Z' })))
    expect(await lets(bob, 'new')).toBe(true)
  })

  test('the password of a role without LOGIN is removed if the acting role can see that there is one', async () => {
    const box = sandbox()
    const checked = await checkedRole(box)
    const role = box.name('alice')
    await box.run(`create role ${role} nologin password 'old'`)
    for (const password of ['old', 'older']) {
      await box.run(`alter role ${role} password '${password}'`)
      expect((await box.sync({ role, grants: [] })).changed).toBe(box.isSuperuser)
      expect((await loginOf(box, role)).verifier === null).toBe(box.isSuperuser)
      expect((await box.sync({ role, grants: [] })).changed).toBe(false)
    }
    await box.run(`alter role ${role} password 'old'`)
    expect((await box.pool.syncRoles({ role, grants: [] }, { manages: { cluster: false } })).changed).toBe(
      false,
    )
    await box.sync({ role, grants: [Grant.login(), Grant.roleMembership(checked)] })
    expect((await loginOf(box, role)).verifier).toBe(null)
  })

  test('a sync works after the session has lost the right to read passwords', async () => {
    const box = sandbox()
    if (!box.isSuperuser) return // it may not read them to begin with
    const [role, weaker] = [box.name('alice'), box.name('weaker')]
    await box.admin(`create role ${weaker} createrole`)
    const client = await box.driver.client(box.connection, box.database)
    const desired = { role, grants: [] }
    try {
      for (let count = 0; count < 2; count++) await client.syncRoles(desired)
      await client.run(`set role ${weaker}`)
      expect((await client.syncRoles(desired)).changed).toBe(false)
      await client.run('begin')
      expect((await client.syncRoles(desired)).changed).toBe(false)
      await client.run('commit; reset role')
      await box.admin(`alter role ${role} password 'old'`)
      expect((await client.syncRoles(desired)).changed).toBe(true)
      expect((await client.syncRoles(desired)).changed).toBe(false)
    } finally {
      await client.end()
    }
  })

  test('VALID UNTIL is what was asked for, to the microsecond', async () => {
    const box = sandbox()
    const role = box.name('alice')
    await box.admin(`set time zone 'UTC'`)
    const cases: readonly (readonly [Date | string | undefined, string])[] = [
      [new Date('2027-06-30T00:00:00Z'), '2027-06-30 00:00:00+00'],
      ['2027-06-30T12:34:56.123456+05:30', '2027-06-30 07:04:56.123456+00'],
      [undefined, 'infinity'],
      ['2027-06-30T12:34:56-08:00', '2027-06-30 20:34:56+00'],
      ['infinity', 'infinity'],
    ]
    for (const [validUntil, expected] of cases) {
      const grant = validUntil === undefined ? Grant.login() : Grant.login({ validUntil })
      const { changed } = await box.sync({ role, grants: [grant] })
      expect(changed).toBe(true)
      expect((await loginOf(box, role)).validUntil).toBe(expected)
    }
  })

  test('VALID UNTIL that was set by hand is set to infinity', async () => {
    const box = sandbox()
    const role = box.name('alice')
    await box.run(`create role ${role} login valid until '0044-03-15 12:00:00+00 BC'`)
    await box.sync({ role, grants: [Grant.login()] })
    expect((await loginOf(box, role)).validUntil).toBe('infinity')
  })

  test('LOGIN that a superuser gave is taken away, and given again, if the acting role may alter the role', async () => {
    const box = sandbox()
    const role = box.name('alice')
    await box.admin(`create role ${role} login`)
    if (box.isSuperuser || box.server.version < 160000) {
      await box.sync({ role, grants: [] })
      expect((await loginOf(box, role)).login).toBe(false)
      await box.sync({ role, grants: [Grant.login({ password: 'right' })] })
      expect((await loginOf(box, role)).login).toBe(true)
      return
    }
    // From 16 on only who administers a role can alter it, and that is not who may create roles in general.
    await expect(box.pool.syncRoles({ role, grants: [] })).rejects.toBeInstanceOf(ResidueError)
    const lost = await box.sync({ role, grants: [] }, { onResidue: 'report' })
    expect(lost.plan.residue).toMatchObject([{ role, reason: 'not permitted', fact: { attribute: 'LOGIN' } }])
    expect((await loginOf(box, role)).login).toBe(true)
    await box.admin(`alter role ${role} nologin`)
    const desired = { role, grants: [Grant.login({ password: 'right' })] }
    await expect(box.pool.syncRoles(desired)).rejects.toBeInstanceOf(ResidueError)
    const gained = await box.sync(desired, { onResidue: 'report' })
    expect(gained.plan.skipped).toMatchObject([{ role, reason: 'not permitted' }])
    expect(await loginOf(box, role)).toMatchObject({ login: false, verifier: null })
  })

  test('no password is in the log of the server', async () => {
    const box = sandbox()
    if (box.server.logFile === undefined) return // its log is out of reach
    const role = box.name('alice')
    const { readFile } = await import('node:fs/promises')
    await box.admin(`alter database ${box.database} set log_statement = 'all'`)
    const logged = box.driver.pool(box.connection, box.database)
    try {
      await logged.syncRoles({ role, grants: [Grant.login({ password: 'hunter2 in the log' })] })
    } finally {
      await logged.end()
      await box.admin(`alter database ${box.database} reset log_statement`)
    }
    const log = await readFile(box.server.logFile, 'utf8')
    expect(log).toContain(`ALTER ROLE "${role}" PASSWORD`)
    expect(log).not.toContain('hunter2')
  })

  test('a password that is stored already is not set again if the acting role can read it', async () => {
    const box = sandbox()
    const role = box.name('r')
    const asking = (password: string) => ({ role, grants: [Grant.login({ password })] })
    await box.sync(asking('open ‘sesame’'))
    const { verifier: stored } = await loginOf(box, role)
    const again = await box.pool.syncRoles(asking('open ‘sesame’'))
    expect(again.changed).toBe(!box.isSuperuser)
    // Before 10 it has no salt.
    const isSame = box.isSuperuser || box.server.version < 100000
    expect((await loginOf(box, role)).verifier === stored).toBe(isSame)
    expect((await box.pool.planRoles(asking('open ‘sesame’'))).transactions).toHaveLength(
      box.isSuperuser ? 0 : 1,
    )
    expect((await box.pool.syncRoles(asking('another'))).changed).toBe(true)
    expect((await loginOf(box, role)).verifier).not.toBe(stored)

    const options = { scramIterations: 10_000 }
    if (box.server.version < 100000) return
    expect((await box.pool.syncRoles(asking('another'), options)).changed).toBe(true)
    expect((await loginOf(box, role)).verifier).toMatch(/^SCRAM-SHA-256\$10000:/)
    expect((await box.pool.syncRoles(asking('another'), options)).changed).toBe(!box.isSuperuser)
    expect((await box.pool.syncRoles(asking('another'))).changed).toBe(!box.isSuperuser)

    const { verifier } = await loginOf(box, role)
    const other = box.name('r')
    await box.sync({ role: other, grants: [Grant.login({ password: verifier as string })] })
    expect((await loginOf(box, other)).verifier).toBe(verifier)
    const endless = String(verifier).replace(/\$\d+:/, '$1000001:')
    for (const refused of ['SCRAM-SHA-256$4096:c2FsdA==$x:y', `${String(verifier)}=`, endless])
      await expect(box.pool.syncRoles(asking(refused))).rejects.toMatchObject({
        _tag: 'InvalidGrantError',
        field: 'password',
      })
  })

  test('a password that is changed by hand while the sync waits for the lock is set again', async () => {
    const box = sandbox()
    const [role, checked] = [box.name('r'), await checkedRole(box)]
    await box.sync({ role, grants: [Grant.login({ password: 'mine' }), Grant.roleMembership(checked)] })
    const other = new pg.Client(connectionTo(box.connection, box.database))
    await other.connect()
    await other.query('begin; select pg_advisory_xact_lock(1)')
    const syncing = box.pool.syncRoles({ role, grants: [Grant.login({ password: 'mine' })] })
    // Where the password is known, there is the membership to take away.
    await untilSomebodyWaits(box)
    await other.query(`alter role ${role} password 'theirs'; commit`)
    await other.end()
    await syncing
    await box.admin(`grant ${checked} to ${role}`)
    expect(await canConnect(box, role, 'mine')).toBe(true)
  })

  test('passwords of every kind work at the server', async () => {
    const box = sandbox()
    if (box.server.logFile === undefined) return // somebody else’s server lets in whom it wants
    const clients = await loginClients()
    const checked = await checkedRole(box)
    const logins = passwords.map((each) => ({ ...each, role: box.name('alice') }))
    await box.sync(
      logins.map(({ role, password }) => ({
        role,
        grants: [Grant.login({ password }), Grant.roleMembership(checked)],
      })),
    )
    const tries = logins.map(async ({ role, password, prepared = password, notBy }, index) => {
      const client = inTurn(
        box,
        index,
        clients.filter(({ name }) => name !== notBy),
      )
      // What is made of md5 is made of the password as it is.
      const typed = client.prepares || box.server.version < 100000 ? password : prepared
      return { password, client: client.name, right: await canConnect(box, role, typed, client) }
    })
    for (const each of await Promise.all(tries)) expect(each).toMatchObject({ right: true })
    const wrong = logins.map(({ role, password }) => canConnect(box, role, `${password}x`))
    expect(new Set(await Promise.all(wrong))).toEqual(new Set([false]))
  })

  test('a verifier is stored as it is, and the role can log in with its password', async () => {
    const box = sandbox()
    if (box.server.logFile === undefined) return // somebody else’s server lets in whom it wants
    const clients = await loginClients()
    const checked = await checkedRole(box)
    const logins = await Promise.all(
      [1, 4096, 20_000].map(async (iterations) => {
        const role = box.name('alice')
        const verifier = await verifierOf(box.server.version, role, 'right', iterations)
        return { role, verifier, start: box.server.version < 100000 ? 'md5' : `SCRAM-SHA-256$${iterations}:` }
      }),
    )
    await box.sync(
      logins.map(({ role, verifier }) => ({
        role,
        grants: [Grant.login({ password: verifier }), Grant.roleMembership(checked)],
      })),
    )
    for (const [index, { role, verifier, start }] of logins.entries()) {
      expect(verifier.startsWith(start)).toBe(true)
      expect((await loginOf(box, role)).verifier).toBe(verifier)
      const client = inTurn(box, index, clients)
      expect(await canConnect(box, role, 'right', client)).toBe(true)
      expect(await canConnect(box, role, 'wrong', client)).toBe(false)
    }
  })
})
