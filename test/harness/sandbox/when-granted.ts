import type { Sandbox } from './sandbox.ts'

/** Runs something whenever anybody grants a privilege, inside the transaction that does. */
export const whenGranted = async (
  { admin, name }: Sandbox,
  body: string,
): Promise<() => Promise<unknown>> => {
  const trigger = name('trigger')
  await admin(
    `create function public.${trigger}() returns event_trigger language plpgsql as $$ begin
       if current_setting('pgsr_test.busy', true) is distinct from 'yes' then
         perform set_config('pgsr_test.busy', 'yes', true); ${body}; perform set_config('pgsr_test.busy', 'no', true);
       end if;
     end $$;
     create event trigger ${trigger} on ddl_command_end when tag in ('GRANT') execute procedure public.${trigger}()`,
  )
  return () => admin(`drop event trigger ${trigger}; drop function public.${trigger}()`)
}

/** As if the world had changed since the look: whoever grants meets something that is gone, so many times. */
export const goneWhenGranted = async (box: Sandbox, times: number): Promise<() => Promise<unknown>> => {
  const tries = box.name('tries')
  await box.admin(`create sequence public.${tries}; grant usage on sequence public.${tries} to public`)
  const stop = await whenGranted(
    box,
    `if nextval('public.${tries}') <= ${times} then raise exception 'gone' using errcode = 'undefined_table'; end if`,
  )
  return async () => {
    await stop()
    await box.admin(`drop sequence public.${tries}`)
  }
}
