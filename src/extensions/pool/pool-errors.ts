import { errors } from '../../core/kernel/errors.ts';

const JOIN = 'samocode pool join --remote <url>';

export const POOL_ERRORS = errors({
  // Joining and managing a pool.
  pool_file: ({ path }: { path: string }) => ({
    what: 'The pools of this machine could not be read.',
    why: `${path} is not a list of pools that this version can read.`,
    hint: `Rename or remove it, then run "${JOIN}" again in each project.`,
  }),
  pool_not_joined: ({ mainRepo }: { mainRepo: string }) => ({
    what: 'This machine has not joined a pool for this project.',
    why: `"samocode pool join" has not been run for ${mainRepo} on this machine.`,
    hint: `Run "${JOIN}" in it, with the remote that the other machines use.`,
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
  pool_other_board: ({ url, chosen, board }: { url: string; chosen: string; board: string }) => ({
    what: 'The pool was not joined.',
    why: `The other machines of ${url} coordinate through ${chosen}, and this one would use ${board}: two machines could take the same session.`,
    hint:
      board === 'git'
        ? 'Add --database with the address that the others use.'
        : 'Omit --database, or have every machine leave the pool and then delete refs/samocode/pool/board on the remote.',
  }),
  pool_needs_person: () => ({
    what: 'Nothing was changed.',
    why: 'Only a person may decide, in a terminal, which machines share sessions with this one.',
    hint: 'Ask the user to run "samocode pool" in a terminal.',
  }),
  pool_no_member: ({ name, members }: { name: string; members: readonly string[] }) => ({
    what: `"${name}" does not identify one machine of the pool.`,
    why: members.length === 0 ? 'No machine has joined it yet.' : `It has: ${members.join(', ')}.`,
    hint: 'Name one of them; use its id if several have the same name.',
  }),
  pool_key_changed: ({ member }: { member: string }) => ({
    what: `${member} is not trusted.`,
    why: 'Its key has changed since its fingerprint was shown.',
    hint: 'Run the command again and compare the new fingerprint.',
  }),
  pool_not_here: ({ config }: { config: string }) => ({
    what: 'This machine takes no sessions of this pool.',
    why: `The project of ${config} is gone, has invalid settings, or has lines that have not been trusted.`,
    hint: 'Run "samocode init" in it to see what is wrong, and "samocode trust"; or leave the pool.',
  }),
  pool_not_moved: ({ folder, how }: { folder: string; how: string }) => ({
    what: `${folder} was not taken over.`,
    why:
      how === 'refused'
        ? 'Another machine has published it in the meantime.'
        : 'The remote could not be reached.',
    hint: 'Nothing to do: the next machine that can take it will.',
  }),
  // Taking a session, and effects outside.
  not_in_pool: ({ session }: { session: string }) => ({
    what: `${session} was not taken.`,
    why: 'It does not belong to a pool: it was started without --pool.',
    hint: `Continue it on this machine with "samocode resume ${session}".`,
  }),
  taken_automatically: ({ session }: { session: string }) => ({
    what: `${session} was not taken.`,
    why: 'The database of this pool assigns its sessions: if the machine that has it fails, another one continues it.',
    hint: 'Run "samocode pool" to see the machines of the pool and their problems.',
  }),
  not_published: ({ session }: { session: string }) => ({
    what: `${session} was not taken.`,
    why: 'The remote of the pool has no state of it.',
    hint: 'If it was started just now, try again shortly. Otherwise "samocode pool" on the machine that had it shows how to publish it again.',
  }),
  needs_unmet: ({ session, lacks }: { session: string; lacks: readonly string[] }) => ({
    what: `${session} was not taken.`,
    why: `It needs ${lacks.join(' and ')}, which this machine does not have.`,
    hint: 'Install it here ("samocode doctor" shows what is missing), or take the session on another machine.',
  }),
  taken_meanwhile: ({ session, host }: { session: string; host?: string | undefined }) => ({
    what: `${session} was not taken.`,
    why: `${host ?? 'Another machine'} moved it in the meantime.`,
    hint: `Run "samocode pool take ${session}" again to see its newest state.`,
  }),
  not_taken: ({ session }: { session: string }) => ({
    what: `${session} was probably not taken.`,
    why: 'The remote of the pool could not be reached.',
    hint: `When it can be reached, run "samocode pool take ${session}" again; a repeated call changes nothing.`,
  }),
  session_moved: ({ session }: { session: string }) => ({
    what: `${session} changed nothing outside.`,
    why: 'Another machine of the pool has taken it, or its state was removed from the remote of the pool.',
    hint: `Continue there, or run "samocode pool take ${session}" here.`,
  }),
  remote_unread: ({ session }: { session: string }) => ({
    what: `${session} changed nothing outside.`,
    why: 'The remote of the pool could not be read, so another machine may have taken the session.',
    hint: 'Try again when the remote can be reached.',
  }),
  // Using the board and the remote.
  pool_push_declined: ({ ref }: { ref: string }) => ({
    what: `The remote of the pool did not accept ${ref}.`,
    why: 'The server rejected this push, for example because of a rule for ref names, a size limit, a hook or a full disk.',
    hint: 'Ask the administrator of the server to allow refs below refs/samocode/pool/, or join the pool again with another remote.',
  }),
  pool_host_twice: ({ host }: { host: string }) => ({
    what: 'The leases of this machine were not renewed.',
    why: `Another machine, or this one before a restart, renewed them as ${host} less than a lease ago.`,
    hint: 'After a restart, wait a minute. If it persists, this configuration is a copy: have the copy leave the pool and join it again, which gives it its own identity.',
  }),
  pool_removed: ({ host }: { host: string }) => ({
    what: `The board of the pool refused ${host || 'this machine'}.`,
    why: 'An owner of the pool has removed this machine. Other machines continue its sessions.',
    hint: 'Leave the pool with "samocode pool leave". To take part again, join it and ask an owner to add this machine.',
  }),
  pool_database_failed: () => ({
    what: 'The database of the pool did not respond.',
    why: 'It cannot be reached, refuses the login, took too long, or failed.',
    hint: 'Sessions of this machine continue in the meantime. Try "psql" with the address with which this machine joined the pool.',
  }),
  pool_database_refused: () => ({
    what: 'The database of the pool refused a statement.',
    why: 'The role of this login lacks a privilege in the schema samocode_pool.',
    hint: 'Ask the administrator of the database for "grant samocode_hosts to <role>", or "grant samocode_people to <role>" for someone who only answers and approves.',
  }),
  pool_database_read_only: () => ({
    what: 'The database of the pool did not accept a change.',
    why: 'It is read-only: the server is a standby, or default_transaction_read_only is on.',
    hint: 'Sessions of this machine continue in the meantime. Let the address lead to the primary server, and join the pool again with it if it changed.',
  }),
  pool_database_full: () => ({
    what: 'The database of the pool did not accept a change.',
    why: 'The disk of its server is full.',
    hint: 'Sessions of this machine continue in the meantime. Free space on the disk of the server.',
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
  // Signing and verifying states.
  git_cannot_sign: ({ version }: { version: string }) => ({
    what: 'The states of a pool cannot be signed here.',
    why: `git ${version} does not sign with SSH keys.`,
    hint: 'Install git 2.34 or newer, then try again.',
  }),
  ssh_keygen_missing: () => ({
    what: 'The states of a pool cannot be signed here.',
    why: 'There is no program "ssh-keygen" on PATH.',
    hint: 'Install OpenSSH, then try again.',
  }),
  host_key_invalid: ({ host }: { host: string }) => ({
    what: 'The machine was not trusted.',
    why: `${JSON.stringify(host)} has published no ed25519 key.`,
    hint: 'Run "samocode pool join" on that machine again, then compare the fingerprints.',
  }),
  state_unsigned: ({ commit }: { commit: string }) => ({
    what: `The state ${commit.slice(0, 12)} was not used.`,
    why: 'It is not signed, or its signature does not match it.',
    hint: 'Find out who wrote it: anyone who may push to the remote of the pool could have.',
  }),
  state_untrusted: ({ commit }: { commit: string }) => ({
    what: `The state ${commit.slice(0, 12)} was not used.`,
    why: 'It is signed with a key that is not trusted here.',
    hint: 'If you know that machine, run "samocode pool trust <machine>" here and compare the fingerprints.',
  }),
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
  state_gone: ({ ref, commit }: { ref: string; commit: string }) => ({
    what: 'No machine of the pool continues this session.',
    why: `The remote of the pool has no ${ref}: it was deleted, or the pool uses another remote now.`,
    hint: `To continue it, run "git push <remote of the pool> ${commit}:${ref}" in this repository.`,
  }),
});
