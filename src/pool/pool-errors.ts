import { errors } from '../base/errors.ts';

export const POOL_ERRORS = errors({
  pool_push_declined: ({ ref }: { ref: string }) => ({
    what: `The remote of the pool did not accept ${ref}.`,
    why: 'The server was reached and answered that it does not take this push: a rule for ref names, a limit for sizes, a hook or a full disk.',
    hint: 'Ask whoever runs the server to allow refs below refs/samocode/pool/, or join the pool again with another remote.',
  }),
  pool_host_twice: ({ host }: { host: string }) => ({
    what: 'The leases of this machine were not renewed.',
    why: `Another machine renews them as ${host} too: its configuration was copied from this one, or the other way round.`,
    hint: 'Let the copy leave the pool and join it again, which gives it an identity of its own.',
  }),
  pool_database_failed: () => ({
    what: 'The database of the pool gave no answer.',
    why: 'It cannot be reached, refuses the login, took too long, or failed.',
    hint: 'Sessions of this machine go on meanwhile. Try "psql" with the address by which this machine has joined the pool.',
  }),
  pool_database_refused: () => ({
    what: 'The database of the pool refused a statement.',
    why: 'The role of this login lacks a right in the schema samocode_pool.',
    hint: 'Ask the administrator of the database for "grant samocode_hosts to <role>", or "grant samocode_people to <role>" for somebody who only answers and approves.',
  }),
  pool_schema_other: ({ found, expected }: { found: number; expected: number }) => ({
    what: 'The database of the pool was not used.',
    why:
      found === 0
        ? 'It has no schema samocode_pool.'
        : `Its schema samocode_pool has version ${found}, and this samocode works with version ${expected}.`,
    hint:
      found > expected
        ? 'Update samocode on this machine.'
        : 'Join the pool with this database again, which creates the schema or brings it up to date.',
  }),
});
