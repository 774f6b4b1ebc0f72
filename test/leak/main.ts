import {
  Grant,
  type DesiredRole,
  planRoles,
  renderJson,
  renderSql,
  syncRoles,
} from '@pgsr/node-postgres/effect'
import * as nodePostgres from '@pgsr/node-postgres/effect'
import * as postgresJs from '@pgsr/postgres-js/effect'
import * as Cause from 'effect/Cause'
import * as Effect from 'effect/Effect'
import * as Exit from 'effect/Exit'
import * as Tracer from 'effect/Tracer'
import pg from 'pg'
import postgres from 'postgres'
import { type Connected, drivers } from '../harness/drivers/drivers.ts'
import { type Fault, startFaultProxy } from '../harness/faults/fault-proxy.ts'
import { connectionTo, type TestConnection } from '../harness/servers/servers.ts'
import { show } from './show.ts'

// Does everything that has to do with passwords, right and wrong, with one driver, and prints whatever it gets to see.

const [driverName, connectionText, database, password] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
]
const server = JSON.parse(connectionText) as TestConnection
const driver = drivers.find(({ name }) => name === driverName)!
const prefix = `leak_${process.pid}`

const superuser = new pg.Client(connectionTo(server, database))
await superuser.connect()
const pool = driver.pool(server, database)

let roles = 0
const newRole = (): string => `${prefix}_${++roles}`
const loginOf = (role: string, ...grants: readonly Grant[]): DesiredRole => ({
  role,
  grants: [Grant.login({ password }), ...grants],
})
/** A privilege that a sync grants beside the password, in the same message. */
const schemaUsage = Grant.schemaUsage('public', { direct: true })

/** While something is done whenever anybody grants a privilege. */
const whenGranted = async <T>(body: string, work: () => Promise<T>): Promise<T> => {
  await superuser.query(`
    create function ${prefix}_trigger() returns event_trigger language plpgsql as $$ begin ${body}; end $$;
    create event trigger ${prefix}_trigger on ddl_command_end when tag in ('GRANT') execute procedure ${prefix}_trigger()`)
  try {
    return await work()
  } finally {
    await superuser.query(`drop event trigger ${prefix}_trigger; drop function ${prefix}_trigger()`)
  }
}

/** While a network does something at the message that has the verifier. */
const through = async <T>(happens: Fault, work: (pool: Connected) => Promise<T>): Promise<T> => {
  const proxy = await startFaultProxy(server)
  const proxied = driver.pool(proxy.connection, database)
  proxy.expect({ at: ({ bytes }) => bytes.includes('SCRAM-SHA-256$'), happens })
  try {
    return await work(proxied)
  } finally {
    proxy.heal()
    await proxied.end()
    await proxy.end()
  }
}

/** A tracer that prints what it is told. */
const tracer = Tracer.make({
  span: (options) => {
    const span = new Tracer.NativeSpan(options)
    const end = span.end.bind(span)
    span.end = (time, exit) => {
      end(time, exit)
      show(span)
    }
    return span
  },
})

/** Runs an Effect as an application that logs and traces everything. */
const asEffect = async <A, E>(work: Effect.Effect<A, E, nodePostgres.Sessions>): Promise<A> => {
  const [client, sql] = [
    new pg.Pool(connectionTo(server, database)),
    postgres(connectionTo(server, database)),
  ]
  const layer = driverName === 'pg' ? nodePostgres.layer(client) : postgresJs.layer(sql)
  const logged = Effect.tapCause(Effect.tap(work, Effect.log), Effect.logError)
  const exit = await Effect.runPromiseExit(Effect.withTracer(Effect.provide(logged, layer), tracer))
  await client.end()
  await sql.end()
  show(exit)
  if (Exit.isSuccess(exit)) return exit.value
  show(exit.cause)
  console.log(Cause.pretty(exit.cause))
  throw Cause.squash(exit.cause)
}

const onEvent = show

/** By name: what is done, and the tag of the error that it has to end with. */
const scenes: Readonly<Record<string, readonly [tag: string | undefined, act: () => Promise<unknown>]>> = {
  grant: [undefined, async () => loginOf(newRole())],
  plan: [
    undefined,
    async () => {
      const plan = await pool.planRoles(loginOf(newRole()))
      return [plan, renderSql(plan), renderJson(plan)]
    },
  ],
  introspect: [undefined, () => pool.introspect(loginOf(newRole()))],
  sync: [
    undefined,
    () =>
      whenGranted('perform pg_sleep(0.5)', () =>
        pool.syncRoles(loginOf(newRole(), schemaUsage), { onEvent }),
      ),
  ],
  'executed plan': [
    undefined,
    async () => {
      const role = newRole()
      return pool.executePlan(await pool.planRoles(loginOf(role)), {
        passwords: { [role]: password },
        onEvent,
      })
    },
  ],
  'changed plan': [
    'PlanChangedError',
    async () => {
      const role = newRole()
      const plan = await pool.planRoles(loginOf(role))
      await superuser.query(`create role ${role}`)
      return pool.executePlan(plan, { passwords: { [role]: password } })
    },
  ],
  'password of another': [
    'InvalidGrantError',
    async () => {
      const role = newRole()
      const plan = await pool.planRoles(loginOf(role))
      return pool.executePlan(plan, { passwords: { [role]: password, somebody: password } })
    },
  ],
  'password that is not text': [
    'InvalidGrantError',
    async () => {
      const role = newRole()
      const plan = await pool.planRoles(loginOf(role))
      return pool.executePlan(plan, { passwords: { [role]: [password] as unknown as string } })
    },
  ],
  'grant of no password': [
    'InvalidGrantError',
    async () =>
      pool.syncRoles({
        role: newRole(),
        grants: [Grant.login({ password: { password } as unknown as string })],
      }),
  ],
  'impossible password': [
    'InvalidGrantError',
    async () =>
      pool.syncRoles({ role: newRole(), grants: [Grant.login({ password: `${password}\0${password}` })] }),
  ],
  'unknown option': ['InvalidGrantError', () => pool.syncRoles(loginOf(newRole()), { password } as object)],
  'invalid option': ['InvalidGrantError', () => pool.syncRoles(loginOf(newRole()), { lockTimeout: -1 })],
  superuser: ['ForbiddenRoleError', () => pool.syncRoles(loginOf(server.user))],
  residue: [
    'ResidueError',
    async () => {
      const role = newRole()
      await superuser.query(
        `create role ${role} superuser; create foreign data wrapper ${role}; alter foreign data wrapper ${role} owner to ${role};
         alter role ${role} nosuperuser`,
      )
      return pool.syncRoles(loginOf(role))
    },
  ],
  'missing object': [
    'MissingObjectError',
    () => pool.syncRoles(loginOf(newRole(), Grant.schemaUsage('no such schema')), { onMissing: 'error' }),
  ],
  'server error': [
    'DatabaseError',
    () =>
      whenGranted(`raise 'not today'`, () => pool.syncRoles(loginOf(newRole(), schemaUsage), { onEvent })),
  ],
  proof: [
    'ProofError',
    () =>
      whenGranted(
        `if current_setting('leak.busy', true) is distinct from 'yes' then
           perform set_config('leak.busy', 'yes', true); create role ${prefix}_third; grant create on schema public to ${prefix}_third;
         end if`,
        () => pool.syncRoles(loginOf(newRole(), schemaUsage), { attempts: 2, onEvent }),
      ),
  ],
  'lost connection': [
    'DatabaseError',
    () => through('truncate', (lost) => lost.syncRoles(loginOf(newRole()))),
  ],
  'lost answer': ['DatabaseError', () => through('cut after', (lost) => lost.syncRoles(loginOf(newRole())))],
  'stalled network': [
    'TimeoutError',
    () => through('stall', (lost) => lost.syncRoles(loginOf(newRole()), { timeout: 1_000 })),
  ],
  timeout: [
    'TimeoutError',
    () =>
      whenGranted('perform pg_sleep(60)', () =>
        pool.syncRoles(loginOf(newRole(), schemaUsage), { timeout: 1_000, onEvent }),
      ),
  ],
  'statement timeout': [
    'DatabaseError',
    () =>
      whenGranted('perform pg_sleep(60)', () =>
        pool.syncRoles(loginOf(newRole(), schemaUsage), { statementTimeout: 300, onEvent }),
      ),
  ],
  abort: [
    'AbortError',
    () =>
      whenGranted('perform pg_sleep(60)', () => {
        const abort = new AbortController()
        setTimeout(() => abort.abort(), 500)
        return pool.syncRoles(loginOf(newRole(), schemaUsage), { signal: abort.signal, onEvent })
      }),
  ],
  'no server': [
    'DatabaseError',
    async () => {
      const nowhere = driver.pool({ ...server, host: '127.0.0.1', port: 1 }, database)
      return nowhere.syncRoles(loginOf(newRole())).finally(nowhere.end)
    },
  ],
  effect: [undefined, () => asEffect(syncRoles(loginOf(newRole(), schemaUsage)))],
  'effect of a plan': [undefined, () => asEffect(planRoles(loginOf(newRole())))],
  'effect that fails': [
    'DatabaseError',
    () => whenGranted(`raise 'not today'`, () => asEffect(syncRoles(loginOf(newRole(), schemaUsage)))),
  ],
}

const tagOf = (error: unknown): string => {
  const { _tag, name } = error as { readonly _tag?: string; readonly name: string }
  return _tag ?? name
}

for (const [name, [expected, act]] of Object.entries(scenes)) {
  console.log(`scene: ${name}`)
  const tag = await act().then(
    (result): undefined => show(result) as undefined,
    (error: unknown) => {
      show(error)
      return tagOf(error)
    },
  )
  if (tag !== expected) console.log(`unexpected: ${name} ended with ${tag}, not ${expected}`)
}
await pool.end()
await superuser.end()
console.log('the end')
