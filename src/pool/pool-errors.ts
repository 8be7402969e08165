import { errors } from '../base/errors.ts';

export const POOL_ERRORS = errors({
  pool_push_declined: ({ ref }: { ref: string }) => ({
    what: `The remote of the pool did not accept ${ref}.`,
    why: 'The server was reached and answered that it does not take this push: a rule for ref names, a limit for sizes, a hook or a full disk.',
    hint: 'Ask whoever runs the server to allow refs below refs/samocode/pool/, or join the pool again with another remote.',
  }),
  pool_host_twice: ({ host }: { host: string }) => ({
    what: 'The leases of this host were not renewed.',
    why: `Another machine renews them as ${host} too: its configuration was copied from this one, or the other way round.`,
    hint: 'On the copy, run "samocode pool leave" and join again, which gives it an identity of its own.',
  }),
});
