import { errors } from '../base/errors.ts';

const JOIN = 'samocode pool join --remote <url>';

/** What keeps a machine from being a member of a pool, or a person from acting on one. */
export const MEMBERSHIP_ERRORS = errors({
  pool_file: ({ path }: { path: string }) => ({
    what: 'This machine takes part in no pool.',
    why: `${path} is not a list of pools that this version can read.`,
    hint: `Move it away, then run "${JOIN}" again in each project.`,
  }),
  pool_not_joined: ({ mainRepo }: { mainRepo: string }) => ({
    what: 'This machine is in no pool for this project.',
    why: `Nobody has run "samocode pool join" for ${mainRepo} here.`,
    hint: `Run "${JOIN}" in it, with the remote that the other machines use.`,
  }),
  pool_no_remote: () => ({
    what: 'The pool was not joined.',
    why: 'No remote was given. There is no default: states of sessions contain questions, answers, prompts and logs.',
    hint: `For example: ${JOIN.replace('<url>', 'ssh://git@git.example.org/team/sessions.git')}`,
  }),
  pool_remote_public: ({ url }: { url: string }) => ({
    what: 'The pool was not joined.',
    why: `Anybody can read ${url} without a login, and states of sessions contain questions, answers, prompts and logs.`,
    hint: 'Use a private remote, or add --public if they may be read by everybody.',
  }),
  pool_refs_declined: ({ url }: { url: string }) => ({
    what: 'The pool was not joined.',
    why: `${url} accepts neither refs below refs/samocode/pool/ nor branches below samocode-pool/.`,
    hint: 'Ask whoever runs the server to allow one of them, or use another remote.',
  }),
  pool_unreachable: ({ url }: { url: string }) => ({
    what: 'The pool was not joined.',
    why: `${url} could not be reached.`,
    hint: 'Check the address, the network and your login, for example with "git ls-remote".',
  }),
  pool_read_only: ({ url }: { url: string }) => ({
    what: 'The pool was not joined.',
    why: `This machine may read ${url}, but not push to it.`,
    hint: 'Give its login the right to push.',
  }),
  pool_other_board: ({ url, chosen, board }: { url: string; chosen: string; board: string }) => ({
    what: 'The pool was not joined.',
    why: `The other machines of ${url} use ${chosen} to say who works on what, and this one would use ${board}: two of them could take one session.`,
    hint:
      board === 'git'
        ? 'Add --database with the address that the others use.'
        : 'Leave --database out, or let every machine leave the pool first and delete refs/samocode/pool/board on the remote.',
  }),
  pool_needs_person: () => ({
    what: 'Nothing was changed.',
    why: 'Which machines get the work of this one is for a person to decide, in a terminal.',
    hint: 'Ask the user to run "samocode pool" in a terminal.',
  }),
  pool_no_member: ({ name, members }: { name: string; members: readonly string[] }) => ({
    what: `The pool has no machine "${name}", or several.`,
    why: members.length === 0 ? 'No machine has joined it yet.' : `It has: ${members.join(', ')}.`,
    hint: 'Name one of them, by its id if names are the same.',
  }),
  pool_key_changed: ({ member }: { member: string }) => ({
    what: `${member} is not trusted.`,
    why: 'Its key has changed since its fingerprint was shown.',
    hint: 'Compare the new one: run the command again.',
  }),
  pool_not_here: ({ config }: { config: string }) => ({
    what: 'This machine takes no sessions of this pool.',
    why: `The project of ${config} is gone, has wrong settings, or has lines that nobody has trusted.`,
    hint: 'Run "samocode init" in it to see what is wrong, and "samocode trust"; or leave the pool.',
  }),
  pool_not_moved: ({ folder, how }: { folder: string; how: string }) => ({
    what: `${folder} was not taken over.`,
    why:
      how === 'refused' ? 'Another machine has published it meanwhile.' : 'The remote could not be reached.',
    hint: 'Nothing to do: whoever may take it next will.',
  }),
  pool_takes_over: ({ session }: { session: string }) => ({
    what: `${session} was not taken over.`,
    why: 'It belongs to a pool: when its machine does not respond, another one goes on with it without an act.',
    hint: 'To see which machine has it: samocode status. If nobody goes on with it, look at "samocode pool status".',
  }),
});
