import fc from 'fast-check'

/** The same inputs in every run, so that a change is to blame for a failure; another seed looks elsewhere. */
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env.PGSR_TEST_SEED ?? 1) })
