import { actorKinds, createOwner, type ActorKind } from '../harness/sandbox/actor.ts'
import type { TestConnection, TestServer } from '../harness/servers/servers.ts'
import { type Part, parts } from './part.ts'
import { openSession, type Session } from './session.ts'

/** A database, and the sessions of those who take part. */
export interface AttackSetup {
  readonly server: TestServer
  readonly database: string
  readonly role: (part: Part) => string
  /** How the acting role connects. */
  readonly actor: TestConnection
  readonly session: (part: Part) => Session
  /** Lets those who still may connect anew; the others go on in the sessions that they have. */
  readonly reopen: () => Promise<void>
  readonly end: () => Promise<void>
}

const password = 'takes part'

export const roleNames =
  (tag: string, kind: ActorKind, server: TestServer) =>
  (part: Part): string =>
    part === 'root' || (part === 'actor' && kind === 'superuser') ? server.user : `${part}_${tag}`

/** Nothing takes long, nobody waits for anybody, and the log stays short. */
const settings = ['statement_timeout = 20000', 'lock_timeout = 5000', 'log_min_messages = fatal']

/** Those who act for themselves; from 16 on a role can be administered by who made it. */
const players = ['author', 'rival', 'friend', 'other'] as const satisfies readonly Part[]

const must = async (session: Session, text: string): Promise<void> => {
  const { error } = await session.run(text)
  if (error !== undefined) throw new Error(`cannot set up: ${text}: ${error}`)
}

export const openSetup = async (server: TestServer, tag: string, kind: ActorKind): Promise<AttackSetup> => {
  const database = `attack_${tag}`
  const role = roleNames(tag, kind, server)
  const cluster = await openSession(server, 'postgres')
  await must(cluster, `create database ${database}`)
  for (const setting of settings) await must(cluster, `alter database ${database} set ${setting}`)
  const isOwner = kind !== actorKinds[0]
  const actor = isOwner
    ? await createOwner({ query: (text: string) => must(cluster, text) }, server, database, role('actor'))
    : server

  const connect = (part: Part): Promise<Session> => {
    if (part === 'root') return openSession(server, database)
    if (part === 'actor') return openSession(actor, database)
    return openSession({ ...server, user: role(part), password }, database)
  }
  const sessions = new Map<Part, Session>()
  sessions.set('actor', await connect('actor'))
  sessions.set('root', isOwner ? await connect('root') : sessions.get('actor')!)
  for (const part of players) {
    await must(sessions.get('actor')!, `create role ${role(part)} login password '${password}'`)
    sessions.set(part, await connect(part))
  }

  return {
    server,
    database,
    role,
    actor,
    session: (part) => sessions.get(part)!,
    reopen: async () => {
      for (const part of parts) {
        if (part === 'root' && !isOwner) sessions.set('root', sessions.get('actor')!)
        else {
          const next = await connect(part).catch(() => undefined)
          if (next === undefined) continue
          await sessions.get(part)?.end()
          sessions.set(part, next)
        }
      }
    },
    end: async () => {
      await Promise.all([...new Set(sessions.values())].map((session) => session.end()))
      const { rows } = await cluster.run(`select oid from pg_database where datname = '${database}'`)
      const oid = /\d+/.exec(rows)?.[0]
      await must(cluster, `drop database ${database}`)
      await cluster.run(`
        do $$ declare name text; begin
          for name in select rolname from pg_roles
          where rolname like '%\\_${tag}' or rolname like '\\_pgsr\\_local\\_${oid}\\_%' or rolname like '\\_pgsr\\_admin\\_%'
          loop begin execute format('drop role %I', name); exception when others then null; end; end loop;
        end $$`)
      await cluster.end()
    },
  }
}
