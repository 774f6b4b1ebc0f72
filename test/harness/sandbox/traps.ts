/** A function that cannot be used. */
const broken = (what: string): string =>
  `language plpgsql as ' || quote_literal(format('begin raise exception %L; end', 'sprung: ' || ${what}))`

/** Copies of those of pg_catalog, and besides those of texts for names. */
const functions = (schema: string): string => `
  select format('create function ${schema}.%I(%s) returns %s ', name, arguments, result) || '${broken('name')} as sql
  from (
    select proname as name, pg_get_function_arguments(oid) as arguments, pg_get_function_result(oid) as result
    from pg_proc where pronamespace = 'pg_catalog'::regnamespace
    union
    select proname, replace(oidvectortypes(proargtypes), 'text', 'name'), pg_get_function_result(oid)
    from pg_proc where pronamespace = 'pg_catalog'::regnamespace and proallargtypes is null and 'text'::regtype = any(proargtypes)
  ) as f`

/** Copies of those of pg_catalog, and besides those for pairs of types that it has none for, which would fit better. */
const operators = (schema: string): string => `
  select format('create function ${schema}.operator_%s(%s) returns %s ', number, concat_ws(', ', l, r), result) || '${broken('name')}
    || format('; create operator ${schema}.%s (%s, procedure = ${schema}.operator_%s)', name,
      concat_ws(', ', 'leftarg = ' || l, 'rightarg = ' || r), number)
  from (
    select o.*, row_number() over () as number from (
      select oprname as name, nullif(oprleft, 0)::regtype as l, oprright::regtype as r, oprresult::regtype as result
      from pg_operator where oprnamespace = 'pg_catalog'::regnamespace and oprright <> 0
      union all
      select n, l, r, t
      from (values ('=', 'bool'::regtype), ('<>', 'bool'), ('~', 'bool'), ('||', 'text'), ('->', 'jsonb'), ('->>', 'text')) as x(n, t),
        unnest('{oid,regclass,int4,int8,name,text,"char",jsonb}'::regtype[]) as l,
        unnest('{oid,regclass,int4,int8,name,text,"char",jsonb}'::regtype[]) as r
      where not exists (select from pg_operator where oprname = n and oprleft = l and oprright = r)
    ) as o
  ) as o`

const relations = (schema: string): string => `
  select format('create view ${schema}.%I as select * from pg_catalog.%1$I where ${schema}.spring(%1$L); grant select on ${schema}.%1$I to public', relname)
  from pg_class where relnamespace = 'pg_catalog'::regnamespace and relkind in ('r', 'v')`

const types = (schema: string): string => `
  select format('create domain ${schema}.%I as pg_catalog.%1$I check (${schema}.spring(%1$L))', typname)
  from pg_type where typnamespace = 'pg_catalog'::regnamespace and typtype = 'b' and typelem = 0`

/** What plpgsql, or a view, cannot have. */
const impossible =
  'feature_not_supported or invalid_function_definition or syntax_error or invalid_table_definition'

/**
 * Statements that plant in a schema, or as `pg_temp`, what anybody can who may create there: all of pg_catalog once more,
 * as far as there can be copies. Whoever uses any of it gets an error.
 */
export const plantTraps = (schema: string): string => `
  set search_path = pg_catalog, pg_temp;
  create function ${schema}.spring(text) returns bool language plpgsql as 'begin raise exception ''sprung: %'', $1; end';
  do $plant$
  declare statement text;
  begin
    for statement in
      ${[functions, operators, relations, types].map((copies) => copies(schema)).join(' union all ')}
    loop
      begin
        execute statement;
      exception when ${impossible} then null;
      end;
    end loop;
  end $plant$;
  reset search_path`
