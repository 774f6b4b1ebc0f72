import type { Kit } from '../kit.ts'

/**
 * Makes an operator class with code of the author’s. Only a superuser makes one, but anybody may own it. If a partition key
 * has it, its code puts the bounds in order whenever the table is opened, or its partitions are looked for.
 */
export const makeOperatorClass = (kit: Kit, place: string): string => {
  const compare = kit.spy(place, { takes: 'int, int', gives: '$1 - $2' })
  const name = kit.name('opclass')
  kit.build(
    `create operator class ${name} for type int using btree as
     operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 ${compare}(int, int);
     alter operator class ${name} using btree owner to ${kit.role(kit.author)}`,
    'root',
  )
  return name
}
