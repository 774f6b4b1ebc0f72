import pg from 'pg'
import { readFileSync } from 'node:fs'
import { Grant, planRoles, syncRoles } from '@pgsr/node-postgres'
const hosts = JSON.parse(readFileSync('/tmp/dev/clusters.json'))
for (const m of ['10', '18'])
  for (const kind of ['super', 'owner']) {
    const host = hosts[m],
      t = Date.now().toString(36)
    const admin = new pg.Client({ host, user: 'postgres', database: 'postgres' })
    await admin.connect()
    let t0 = performance.now()
    await admin.query(`create database p_${t}`)
    const create = performance.now() - t0
    const S = kind === 'super' ? 'postgres' : `ps_${t}`
    if (kind === 'owner') {
      await admin.query(`create role ${S} login createrole; `)
      await admin.query(`alter database p_${t} owner to ${S}`)
    }
    const pool = new pg.Pool({ host, user: S, database: `p_${t}`, max: 4 })
    const q = pool.query.bind(pool)
    await pool.query('create schema s; create table s.t(id int)')
    const times = []
    const time = async (what, f) => {
      const t0 = performance.now()
      await f()
      times.push(`${what} ${(performance.now() - t0).toFixed(0)}`)
    }
    const d = { role: `pr_${t}`, grants: [Grant.schemaUsage('s'), Grant.tableSelect('s', 't')] }
    await time('plan', () => planRoles(pool, d))
    await time('plan', () => planRoles(pool, d))
    await time('plan', () => planRoles(pool, d))
    await time('sync', () => syncRoles(pool, d))
    await time('plan', () => planRoles(pool, d))
    await time('sync0', () => syncRoles(pool, { ...d, grants: [] }))
    await time('sync', () => syncRoles(pool, d))
    const n = (await pool.query('select count(*)::int n from pg_roles')).rows[0].n
    console.log(m, kind, 'roles', n, 'createdb', create.toFixed(0), times.join(', '))
    await pool.end()
    await admin.query(`drop database p_${t}`)
    await admin.end()
  }
