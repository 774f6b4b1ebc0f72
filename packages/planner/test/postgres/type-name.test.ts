import { typeName } from '@pgsr/planner'
import { expect, test } from 'vitest'

test.for([
  ['integer', 'integer'],
  ['INT', 'integer'],
  ['int4', 'integer'],
  [' bigint ', 'bigint'],
  ['int8[]', 'bigint[]'],
  ['int [3] [4]', 'integer[]'],
  ['varchar(10)', 'character varying'],
  ['character  varying (10)', 'character varying'],
  ['national character varying(3)', 'character varying'],
  ['char', 'character'],
  ['bpchar', 'character'],
  ['"char"', '"char"'],
  ['pg_catalog."char"', '"char"'],
  ['pg_catalog.bpchar', 'character'],
  ['numeric(10, -2)', 'numeric'],
  ['timestamptz(3)', 'timestamp with time zone'],
  ['timestamp(3) with time zone', 'timestamp with time zone'],
  ['time', 'time without time zone'],
  ['text', 'text'],
  ['pg_catalog.text[]', 'text[]'],
  ['any', '"any"'],
  ['public.mood', '"public"."mood"'],
  ['Public . Mood[]', '"public"."mood"[]'],
  ['public.mood(3)', '"public"."mood"'],
  ['public."mood(3)"[]', '"public"."mood(3)"[]'],
  ['"Public"."two ""moods"""', '"Public"."two ""moods"""'],
])('the type %j is written as %j', ([text, name]) => expect(typeName(text!)).toBe(name))

test.for(['', 'integer; --', 'integer)', '"mood"', 'a.b.c', 'int[', 'a b', '"".x', `s."${'x'.repeat(64)}"`])(
  '%j is not a type',
  (text) => expect(typeName(text)).toBeUndefined(),
)
