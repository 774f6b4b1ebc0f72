/** One thing that is broken on purpose, and the tests of which at least one must see it. */
export interface Mutation {
  readonly name: string
  readonly file: string
  /** What is replaced; it must occur once in the file. */
  readonly text: string
  readonly by: string
  readonly tests: readonly string[]
}

/** The directory of the package that a file is in. */
export const packageOf = (file: string): string => /^(?:packages\/[^/]+|test)(?=\/)/.exec(file)![0]

const conformance = (...names: readonly string[]): readonly string[] =>
  names.map((name) => `test/src/conformance/${name}.test.ts`)

export const mutations: readonly Mutation[] = [
  {
    name: 'no advisory lock',
    file: 'packages/driver/src/sync/read-under-lock.ts',
    text: '`select pg_catalog.pg_advisory_xact_lock(${lockKey})`',
    by: '`select ${lockKey}::text`',
    tests: conformance('calls/transaction'),
  },
  {
    name: 'no retry',
    file: 'packages/driver/src/sync/retry.ts',
    text: 'attempt >= attempts ||',
    by: 'attempt >= 1 ||',
    tests: conformance('calls/transaction'),
  },
  {
    name: 'the plan from before the lock is executed under it',
    file: 'packages/driver/src/sync/run-plan.ts',
    text: 'attemptTransaction(source, call, before, attempt)',
    by: 'attemptTransaction({ ...source, planFor: () => Effect.succeed(plan) }, call, before, attempt)',
    tests: conformance('calls/transaction'),
  },
  {
    name: 'no rollback before a connection goes back to the pool',
    file: 'packages/driver/src/connection/transaction-scope.ts',
    text: "undo: 'rollback',",
    by: "undo: 'select',",
    tests: conformance('calls/transaction'),
  },
  {
    name: 'quotes in names are not doubled',
    file: 'packages/planner/src/postgres/identifier.ts',
    text: `name.replaceAll('"', '""')`,
    by: 'name',
    tests: conformance('names/hostile-names'),
  },
  {
    name: 'quotes in literals are not doubled',
    file: 'packages/planner/src/postgres/identifier.ts',
    text: `text.replaceAll("'", "''")`,
    by: 'text',
    tests: ['test/src/planner/quote.property.test.ts'],
  },
  {
    name: 'backslashes in literals are not doubled',
    file: 'packages/planner/src/postgres/identifier.ts',
    text: String.raw`.replaceAll('\\', '\\\\')`,
    by: '',
    tests: ['test/src/planner/quote.property.test.ts'],
  },
  {
    name: 'no proof',
    file: 'packages/driver/src/sync/prove.ts',
    text: 'if (difference !== undefined)',
    by: 'if (difference !== undefined && attempt === 0)',
    tests: conformance('calls/transaction'),
  },
  {
    name: 'COMMIT without a look whether the transaction is still there',
    file: 'packages/driver/src/connection/transaction-scope.ts',
    text: "end: 'release savepoint pgsr_sync;commit'",
    by: "end: 'commit'",
    tests: ['test/src/drivers/effect.test.ts'],
  },
  {
    name: 'the catalogs are read with the search_path of the session',
    file: 'packages/driver/src/introspection/read-catalog.ts',
    text: "search_path: quoted('pg_catalog, pg_temp')",
    by: "application_name: quoted('pgsr')",
    tests: conformance('names/planted-objects'),
  },
  {
    name: 'settings stay as they are in a transaction of the caller’s',
    file: 'packages/driver/src/connection/transaction-scope.ts',
    text: "`select ${restored.join(', ')};release savepoint pgsr_sync`",
    by: '`select ${restored.length};release savepoint pgsr_sync`',
    tests: conformance('calls/caller-transaction'),
  },
  {
    name: 'what fails in a transaction of the caller’s is not undone',
    file: 'packages/driver/src/connection/transaction-scope.ts',
    text: "undo: 'rollback to savepoint pgsr_sync;release savepoint pgsr_sync'",
    by: "undo: 'release savepoint pgsr_sync'",
    tests: conformance('calls/caller-transaction'),
  },
  {
    name: 'what runs on the server is not cancelled',
    file: 'packages/driver/src/connection/session.ts',
    text: 'Promise.resolve(wire.cancel?.())',
    by: 'Promise.resolve()',
    tests: conformance('calls/given-up'),
  },
  {
    name: 'a signal is not listened to',
    file: 'packages/driver/src/connection/deadline.ts',
    text: "signal?.addEventListener('abort', abort)",
    by: "signal?.removeEventListener('abort', abort)",
    tests: conformance('calls/given-up'),
  },
  {
    name: 'calls on one connection do not wait for each other',
    file: 'packages/driver/src/connection/exclusive.ts',
    text: 'await before',
    by: 'void before',
    tests: conformance('calls/transaction'),
  },
  {
    name: 'a COMMIT without an answer counts as undone',
    file: 'packages/driver/src/sync/commit.ts',
    text: 'transaction.isOwn && isConnectionLost(error)',
    by: 'transaction.isOwn && !isConnectionLost(error)',
    tests: ['test/src/drivers/faults.test.ts'],
  },
  {
    name: 'a connection that does not answer is waited for',
    file: 'packages/driver/src/connection/session.ts',
    text: 'if (!(await settlesIn(stopTimeout, isUncancelled ? answer : cancel(answer)))) close()',
    by: 'await Promise.allSettled([isUncancelled ? answer : cancel(answer), stopTimeout, close])',
    tests: ['test/src/drivers/faults.test.ts'],
  },
  {
    name: 'a server is told once to cancel',
    file: 'packages/driver/src/connection/session.ts',
    text: 'while (!(await settlesIn(cancelInterval, answer)))',
    by: 'while (!(await settlesIn(100 * cancelInterval, answer)))',
    tests: conformance('calls/given-up'),
  },
  {
    name: 'what was planned before the lock is executed',
    file: 'packages/driver/src/sync/next-transaction.ts',
    text: 'snapshot === first.snapshot',
    by: 'snapshot !== undefined || first === undefined',
    tests: conformance('roles/login'),
  },
  {
    name: 'what prepares is executed whatever others have prepared',
    file: 'packages/planner/src/plan/preparing-plan.ts',
    text: 'now.get(key) === before.get(key)',
    by: 'before.has(key)',
    tests: ['test/src/planner/lock-budget.test.ts', 'packages/planner/test/plan/preparing-plan.test.ts'],
  },
  {
    name: 'what prepares is proved for no object',
    file: 'packages/driver/src/sync/transaction-attempt.ts',
    text: 'prove(plan, ',
    by: 'prove(after.left.transactions.length > 0 ? { ...plan, transactions: [] } : plan, ',
    tests: ['test/src/planner/lock-budget.test.ts'],
  },
  {
    name: 'roles are not locked',
    file: 'packages/planner/src/transaction/role-locks.ts',
    text: 'if (operation.reason.temporary !== undefined) return []',
    by: 'if (operation.reason !== undefined) return []',
    tests: conformance('calls/role-locks'),
  },
  {
    name: 'what may hold code goes to the role that syncs',
    file: 'packages/planner/src/resolve/future-owner.ts',
    text: 'return isOurs && !desired.has(actingRole)',
    by: 'return (isOurs || object.inert !== undefined) && !desired.has(actingRole)',
    tests: conformance('ownership/caretaker'),
  },
  {
    name: 'what others may attach to a table does not count',
    file: 'packages/planner/src/resolve/future-owner.ts',
    text: "(object.kind !== 'table' || !othersMayAttach(catalog, attachableIn, object))",
    by: '(object.inert || !othersMayAttach(catalog, attachableIn, object))',
    tests: conformance('ownership/caretaker'),
  },
  {
    name: 'what gets code before it is moved is not found',
    file: 'packages/planner/src/plan/prediction.ts',
    text: '(moved !== undefined && isInert(found, nothingAsked, moved))',
    by: '(moved === undefined || !isInert(found, nothingAsked, moved) || moved.inert)',
    tests: conformance('ownership/caretaker'),
  },
  {
    name: 'a caretaker does not reach what it owns',
    file: 'packages/planner/src/phases/ownership.ts',
    text: "if (schema === undefined || access.schemas.holds(owner, schema, 'USAGE')) continue",
    by: "if (schema === undefined || access.isSuperuser || access.schemas.holds(owner, schema, 'USAGE')) continue",
    tests: conformance('ownership/caretaker'),
  },
  {
    name: 'a foreign key counts as harmless',
    file: 'packages/driver/src/introspection/inert-table.ts',
    text: "x.contype in ('p', 'u', 'n')",
    by: "x.contype in ('p', 'u', 'n', 'f')",
    tests: conformance('ownership/caretaker'),
  },
  {
    name: 'any default counts as harmless',
    file: 'packages/driver/src/introspection/inert-table.ts',
    text: 'where: () => isHarmlessDefault',
    by: 'where: () => sql`(true or ${isHarmlessDefault})`',
    tests: conformance('ownership/caretaker'),
  },
  {
    name: 'a delegate is one by its name',
    file: 'packages/driver/src/introspection/roles.ts',
    text: '(o.member <> s.acting or o.grantor not in (10, s.acting))',
    by: 'o.member is null',
    tests: conformance('intermediate-roles/planted-roles'),
  },
  {
    name: 'an intermediate role is used again whoever may let himself in to it',
    file: 'packages/planner/src/resolve/resolve-grants.ts',
    text: 'administeredByOthers !== true &&',
    by: '(administeredByOthers !== true || elsewhere === 0) &&',
    tests: conformance('intermediate-roles/planted-roles'),
  },
  {
    name: 'a password that was stored before lets in',
    file: 'packages/planner/src/phases/gain-attributes.ts',
    text: "password === 'clear' && !now.login",
    by: "password === 'clear' && now.login",
    tests: conformance('roles/login'),
  },
  {
    name: 'a secret shows in JSON',
    file: 'packages/planner/src/model/secret.ts',
    text: 'toJSON(): string {\n    return redacted',
    by: 'toJSON(): string {\n    return String(this.#value)',
    tests: ['packages/planner/test/model/secret.test.ts'],
  },
  {
    name: 'a secret shows in texts',
    file: 'packages/planner/src/model/secret.ts',
    text: 'toString(): string {\n    return redacted',
    by: 'toString(): string {\n    return String(this.#value)',
    tests: ['packages/planner/test/model/secret.test.ts'],
  },
  {
    name: 'a verifier may keep the server busy for minutes',
    file: 'packages/driver/src/passwords/verifier.ts',
    text: '(scramOf(text)?.iterations ?? 0) > maxScramIterations',
    by: '(scramOf(text)?.iterations ?? 0) < -maxScramIterations',
    tests: conformance('roles/login'),
  },
  {
    name: 'passwords are sent as they are',
    file: 'packages/driver/src/passwords/verifier.ts',
    text: 'if (isVerifier(password)) return password',
    by: "if (isVerifier(password) || password !== '') return password",
    tests: conformance('roles/login'),
  },
  {
    name: 'every password is prepared, allowed or not',
    file: 'packages/driver/src/passwords/saslprep.ts',
    text: "isAllowed ? mapped.normalize('NFKC') : password",
    by: "isAllowed || mapped !== '' ? mapped.normalize('NFKC') : password",
    tests: ['test/src/passwords/verifier.property.test.ts'],
  },
  {
    name: 'any stored verifier counts as that of the password',
    file: 'packages/driver/src/passwords/verifier.ts',
    text: 'a.length === b.length && timingSafeEqual(a, b)',
    by: 'a.length === b.length || timingSafeEqual(a, b)',
    tests: ['test/src/passwords/verifier.property.test.ts'],
  },
]
