import { errors } from '../../core/kernel/errors.ts';

const JOIN = 'samocode pool join --remote <url> --database <url>';
const MEANWHILE =
  'If this lasts for half a minute, the agents of this machine end; their sessions continue once the database responds.';
const NEW_LOGIN = `"create role <machine> login password '…' in role samocode_hosts"`;

interface AboveLimit {
  setting: string;
  asked: number;
  most: number;
  host: string;
  session: string;
}

export const POOL_ERRORS = errors({
  // Joining and managing a pool.
  pool_file: ({ path }: { path: string }) => ({
    what: 'The pools of this machine could not be read.',
    why: `${path} is not a list of pools that this version can read.`,
    hint: `Rename or remove it, then run "${JOIN}" again in each project.`,
  }),
  pool_not_joined: ({ mainRepo }: { mainRepo: string }) => ({
    what: 'This machine has not joined a pool for this project.',
    why: `Each machine joins once for each project, here for ${mainRepo}.`,
    hint: `Run "${JOIN}" in it, with the remote that the other machines use.`,
  }),
  pool_of_before: ({ config }: { config: string }) => ({
    what: 'This machine takes no part in its pool.',
    why: `The pool of ${config} was joined with an earlier version. A pool now has a PostgreSQL database, in which each machine has a login of its own.`,
    hint: `Run "${JOIN}" in the project: the sessions of this machine come with it. Or leave the pool: "samocode pool leave".`,
  }),
  pool_joined_there: ({ config }: { config: string }) => ({
    what: 'The pool was not joined.',
    why: `This machine takes part for another clone of the same project: that of ${config}.`,
    hint: 'Run "samocode pool leave" there first.',
  }),
  pool_no_database: () => ({
    what: 'The pool was not joined.',
    why: 'No database was given. It decides which machine has a session, and says who each machine is.',
    hint: `An administrator prepares one: "samocode pool prepare --database <url>". Then: ${JOIN}`,
  }),
  pool_needs_administrator: () => ({
    what: 'Nothing was changed.',
    why: "No database was given. This needs the login of its administrator, which is no machine's.",
    hint: 'Add --database postgres://<administrator>@<host>/<database>; its password belongs into ~/.pgpass.',
  }),
  pool_no_remote: () => ({
    what: 'The pool was not joined.',
    why: 'No remote was given. There is no default: states of sessions contain questions, answers, prompts and logs.',
    hint: `For example: ${JOIN.replace('<url>', 'ssh://git@git.example.org/team/sessions.git')}`,
  }),
  pool_remote_public: ({ url }: { url: string }) => ({
    what: 'The pool was not joined.',
    why: `Anyone can read ${url} without a login, and states of sessions contain questions, answers, prompts and logs.`,
    hint: 'Use a private remote, or add --public if anyone may read them.',
  }),
  pool_refs_declined: ({ url }: { url: string }) => ({
    what: 'The pool was not joined.',
    why: `${url} accepts neither refs below refs/samocode/pool/ nor branches below samocode-pool/.`,
    hint: 'Ask the administrator of the server to allow one of them, or use another remote.',
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
  pool_remote_password: () => ({
    what: 'The pool was not joined.',
    why: 'The address of the remote contains a password, which messages, logs and lists of processes would show.',
    hint: 'Leave it out. Give the password to a credential helper of git, or use an SSH key.',
  }),
  pool_database_password: () => ({
    what: 'The pool was not joined.',
    why: 'The address of the database contains a password, and pool.json never has one.',
    hint: 'Leave it out. Put the password into ~/.pgpass: a supervisor in the background does not get PGPASSFILE.',
  }),
  pool_name_invalid: ({ name }: { name: string }) => ({
    what: 'Nothing was changed.',
    why: `${JSON.stringify(name)} cannot be a name in a pool.`,
    hint: 'Use up to 63 letters, digits, dots, hyphens and underscores, beginning with a letter or digit.',
  }),
  /** @param command what to type */
  pool_needs_person: ({ command }: { command: string }) => ({
    what: 'Nothing was changed.',
    why: 'Only a person may decide, in a terminal, which machines share sessions with this one.',
    hint: `Run "samocode ${command}" in a terminal, outside any agent; on another machine, once: ssh -t <machine> samocode ${command}`,
  }),
  pool_not_here: ({ config }: { config: string }) => ({
    what: 'This machine takes no sessions of this pool.',
    why: `The project of ${config} is gone, has invalid settings, or has lines that have not been trusted.`,
    hint: 'Run "samocode init" in it to see what is wrong, and "samocode trust"; or leave the pool.',
  }),
  // Using the board and the remote.
  session_moved: ({ session }: { session: string }) => ({
    what: `${session} changed nothing outside.`,
    why: 'By the database of the pool, another machine has taken it, or it left the pool.',
    hint: 'Run "samocode pool status" to see which machine has it, and continue there.',
  }),
  database_unread: ({ session }: { session: string }) => ({
    what: `${session} changed nothing outside.`,
    why: 'The database of the pool could not be read, so another machine may have taken the session.',
    hint: 'Try again when the database can be reached.',
  }),
  pool_push_declined: ({ ref }: { ref: string }) => ({
    what: `The remote of the pool did not accept ${ref}.`,
    why: 'A rule for ref names, a size limit, a hook or a full disk may be the cause.',
    hint: 'Ask the administrator of the server to allow refs below refs/samocode/pool/, or join the pool again with another remote.',
  }),
  pool_no_role: () => ({
    what: 'The database is not ready yet.',
    why: 'A pool needs a role per machine, and this login may not create the role that they share.',
    hint: 'Have the administrator of the server run "create role samocode_hosts", then run "samocode pool prepare" again. A database that gives one role alone cannot be that of a pool.',
  }),
  /** @param why what the role has, as the end of a sentence */
  pool_login_unfit: ({ login, why }: { login: string; why: string }) => ({
    what: `This machine cannot take part in the pool as ${login || 'this login'}.`,
    why: `That login ${why}, so the database could not keep it to its own sessions.`,
    hint: `Have the administrator of the database run ${NEW_LOGIN}, then join with that login.`,
  }),
  pool_login_shared: ({ login, other }: { login: string; other: string }) => ({
    what: `This machine could not take part in the pool as ${login || 'this login'}.`,
    why: `${other} uses that login, or this machine did before a restart less than a minute ago.`,
    hint: `After a restart, wait a minute. Otherwise have the administrator of the database run ${NEW_LOGIN}, then join with that login.`,
  }),
  /** @param why the words of the server */
  pool_removed: ({ why }: { why: string }) => ({
    what: 'This machine no longer takes part in the pool.',
    why: `The database does not admit its login: ${why}. Its agents have ended, and other machines may continue its sessions.`,
    hint: 'If its administrator removed this machine, run "samocode pool leave". Otherwise look at ~/.pgpass and at the login: "psql" with the address of the database.',
  }),
  pool_no_login: ({ login }: { login: string }) => ({
    what: 'No machine was removed.',
    why: `No machine of the pool has the login ${login}: it is not in the role samocode_hosts.`,
    hint: 'Run "samocode pool status" on a machine of the pool: it shows the login of each.',
  }),
  pool_not_ended: ({ login }: { login: string }) => ({
    what: `${login} can no longer log in, but it still has connections.`,
    why: 'They were ended, and new ones or the same were there again for ten seconds.',
    hint: `Run "samocode pool remove ${login}" again; it completes this.`,
  }),
  pool_database_refused: ({ why }: { why: string }) => ({
    what: 'The database of the pool refused a statement.',
    why: `The login lacks a privilege: ${why}.`,
    hint: 'For a machine, the administrator runs "grant samocode_hosts to <login>". To prepare a pool or remove a machine, use a login that owns the schema samocode_pool, and may change that role and end its connections.',
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
        : 'Have its administrator run "samocode pool prepare --database <url>" with this version.',
  }),
  pool_database_pooled: () => ({
    what: 'The pool was not joined.',
    why: 'The address leads to a connection pooler that changes the connection between two statements (PgBouncer: pool_mode=transaction).',
    hint: 'Give the address of the database itself, or of a pooler in session mode.',
  }),
  pool_database_failed: () => ({
    what: 'The database of the pool did not respond.',
    why: 'It cannot be reached, refuses the login, took too long, or failed.',
    hint: `${MEANWHILE} Try "psql" with the address with which this machine joined the pool.`,
  }),
  pool_database_read_only: () => ({
    what: 'The database of the pool did not accept a change.',
    why: 'It is read-only: the server is a standby, or default_transaction_read_only is on.',
    hint: `${MEANWHILE} Let the address lead to the primary server, and join the pool again with it if it changed.`,
  }),
  pool_database_full: () => ({
    what: 'The database of the pool did not accept a change.',
    why: 'The disk of its server is full.',
    hint: `${MEANWHILE} Free space on the disk of the server.`,
  }),
  // States.
  state_newer: ({ commit }: { commit: string }) => ({
    what: `The state ${commit.slice(0, 12)} was not used.`,
    why: 'A newer samocode wrote it.',
    hint: 'Update samocode on this machine.',
  }),
  branch_taken: ({ branch }: { branch: string }) => ({
    what: `The session on ${branch} was not copied to this machine.`,
    why: 'This repository already has another branch of that name.',
    hint: `Rename the branch here, for example with "git branch -m ${branch} mine"; the session is then copied.`,
  }),
  state_malformed: ({ commit, problem }: { commit: string; problem: string }) => ({
    what: `The state ${commit.slice(0, 12)} was not used.`,
    why: `${problem}.`,
    hint: 'Publish the session again from the machine that has it.',
  }),
  state_gone: ({ commit }: { commit: string }) => ({
    what: `The state ${commit.slice(0, 12)} was not used.`,
    why: 'The database names it, and the remote of the pool does not have it: its refs were deleted, or the pool uses another remote now.',
    hint: `If this or another machine has it, run "git push <remote of the pool> ${commit}:refs/samocode/pool/restored" in the repository there.`,
  }),
  ref_moved: ({ ref, tip }: { ref: string; tip: string }) => ({
    what: `${ref} was left on the remote of the pool.`,
    why: `Somebody has moved it to ${tip.slice(0, 12)}. No machine uses that: only the commits that the database names count.`,
    hint: 'Find out who may push to the remote. The ref can be deleted.',
  }),
  act_unknown: ({ person, id }: { person: string; id: string }) => ({
    what: `The command ${id} from ${person} was not carried out.`,
    why: 'This version does not know such a command; a newer samocode may have sent it.',
    hint: 'Update samocode on this machine; the command is then carried out.',
  }),
  act_only_there: ({ kind, host }: { kind: string; host: string }) => ({
    what: 'Nothing was changed.',
    why: `${host} does not carry out "${kind.replaceAll('_', ' ')}" for another machine: only answers, approvals, requests for changes, messages, stops and resumes.`,
    hint: `Do it on ${host}, which has the session.`,
  }),
  act_fields: ({ fields, machine, host }: { fields: readonly string[]; machine: string; host: string }) => ({
    what: 'Nothing was changed.',
    why: `${host} does not take this from another machine: ${fields.slice(0, 10).join(', ').slice(0, 200)}. Each machine finds its own checks and programs.`,
    hint: `Update samocode, so that ${machine} and ${host} have the same version, then try again. Or do it on ${host}.`,
  }),
  act_limit: ({ setting, asked, most, host, session }: AboveLimit) => ({
    what: 'The session was not resumed.',
    why: `From another machine, ${host} lets ${setting} be ${most} at most, not ${asked}.`,
    hint: `Set ${most} or less, or run "samocode resume ${session}" on ${host}.`,
  }),
});
