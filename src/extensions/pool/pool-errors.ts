import { errors } from '../../core/kernel/errors.ts';

const JOIN = 'samocode pool join --remote <url>';

/** @param board as a list of members names it */
function boardWords(board: string): string {
  return board === 'remote' ? 'the remote' : 'a database';
}

interface ListRef {
  number: number;
  commit: string;
  ref: string;
  /** The commit on the remote. */
  tip: string;
}

interface AboveLimit {
  setting: string;
  asked: number;
  most: number;
  host: string;
  session: string;
}

interface AfterRemoval {
  commit: string;
  name: string;
  ref: string;
  recorded?: string;
}

function restoring(list: ListRef | undefined): string {
  if (list === undefined) return 'An owner can restore the list of members.';
  const { number, commit, ref, tip } = list;
  return `List ${number} stays in force here. To restore it, run "git push --force-with-lease=${ref}:${tip} <remote of the pool> ${commit}:${ref}" in this repository.`;
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
    why: `"samocode pool join" has not been run for ${mainRepo} on this machine.`,
    hint: `Run "${JOIN}" in it, with the remote that the other machines use.`,
  }),
  pool_waits: () => ({
    what: 'Nothing was changed.',
    why: 'This machine is not a member of the pool yet, so the others would not accept what it publishes.',
    hint: 'Run "samocode pool status": it shows the command with which an owner adds it.',
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
    why: `The other machines of ${url} coordinate through ${boardWords(chosen)}, and this one would use ${boardWords(board)}: two machines could take the same session.`,
    hint:
      board === 'remote'
        ? 'Add --database with the address that the others use.'
        : 'Omit --database, or use another remote, where a pool with a database can begin.',
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
  pool_name_taken: ({ name }: { name: string }) => ({
    what: 'Nothing was changed.',
    why: `Another member of the pool is called ${name}.`,
    hint: `Choose another name with --name. If that member is gone, an owner removes it with "samocode pool remove ${name}".`,
  }),
  pool_needs_create: ({ url }: { url: string }) => ({
    what: 'The pool was not joined.',
    why: `There is no pool at ${url} yet, and creating one makes this machine its owner.`,
    hint: 'Check the address. To create the pool, run the command in a terminal, or add --create.',
  }),
  pool_needs_owner: ({ name, fingerprint }: { name: string; fingerprint: string }) => ({
    what: 'The pool was not joined.',
    why: `The list of its members is signed by ${name} with the key ${fingerprint}, which has not been confirmed here.`,
    hint: `Compare that with what "samocode pool status" shows on ${name}. If it is the same, add --owner ${fingerprint}.`,
  }),
  pool_other_owner: ({ owner, owners }: { owner: string; owners: readonly string[] }) => ({
    what: 'The pool was not joined.',
    why: `No owner with the key ${owner} has signed the list of its members. These have: ${owners.join(', ')}.`,
    hint: 'Compare the fingerprint with what "samocode pool status" shows on the machine of an owner. An owner who has not changed the list yet cannot vouch for it.',
  }),
  pool_not_owner: ({ owners }: { owners: readonly string[] }) => ({
    what: 'The list of members was not changed.',
    why: `Only an owner of the pool may change it: ${owners.join(', ')}.`,
    hint: 'Run the command on the machine of an owner.',
  }),
  pool_no_card: ({ fingerprint, asking }: { fingerprint: string; asking: readonly string[] }) => ({
    what: 'No machine was added.',
    why:
      asking.length === 0
        ? `No machine has asked to join with the key ${fingerprint}, nor with another one.`
        : `No machine has asked to join with the key ${fingerprint}. These have: ${asking.join(', ')}.`,
    hint: 'Give the whole fingerprint that "samocode pool join" shows on that machine.',
  }),
  pool_list_moved: () => ({
    what: 'The list of members was not changed.',
    why: 'Other owners changed it at the same time, twice.',
    hint: 'Look at it with "samocode pool status", then run the command again.',
  }),
  pool_remove_self: ({ name }: { name: string }) => ({
    what: 'The list of members was not changed.',
    why: `${name} is this machine, and an owner cannot remove itself: the list would lose the signature by which others accept it.`,
    hint: 'Run "samocode pool leave" here, then remove it on the machine of another owner.',
  }),
  pool_half_removed: ({ name }: { name: string }) => ({
    what: `${name} is removed from the list of members, but not from the database.`,
    why: 'The database of the pool could not be changed, so sessions that it has are not open to others yet.',
    hint: `When the database can be reached, run "samocode pool remove ${name}" again; it completes this.`,
  }),
  pool_last_owner: ({ name }: { name: string }) => ({
    what: 'This machine did not leave the pool.',
    why: `${name} is its only owner, and without an owner no machine can be added or removed.`,
    hint: 'Make another member an owner first: samocode pool add <fingerprint> --owner. To end the pool, delete its refs on the remote and pool.json on each machine.',
  }),
  // The list of members.
  members_not_accepted: () => ({
    what: 'This machine takes no part in the pool.',
    why: 'It has not accepted a list of members.',
    hint: 'Run "samocode pool join" in the project again.',
  }),
  members_missing: ({ number, commit, ref }: ListRef) => ({
    what: `List ${number} of the members stays in force here.`,
    why: `The remote of the pool has no ${ref}: it was deleted.`,
    hint: `To restore it, run "git push <remote of the pool> ${commit}:${ref}" in this repository.`,
  }),
  members_rolled_back: (list: ListRef) => ({
    what: 'The list of members on the remote was not accepted.',
    why: `The remote of the pool has an older list at ${list.ref}: it was reset, or restored from a backup.`,
    hint: restoring(list),
  }),
  members_forked: (list: ListRef) => ({
    what: 'The list of members on the remote was not accepted.',
    why: `The list at ${list.ref} on the remote does not continue it.`,
    hint: `Find out who replaced it: anyone who may push to the remote could have. ${restoring(list)} If it is another pool, run "samocode pool leave", then join again.`,
  }),
  members_not_by_owner: ({ commit, kept }: { commit: string; kept?: ListRef }) => ({
    what: `The list of members ${commit.slice(0, 12)} was not accepted.`,
    why: 'No owner of the list before it has signed it.',
    hint: `Find out who wrote it: anyone who may push to the remote of the pool could have. ${restoring(kept)}`,
  }),
  members_malformed: ({ commit, problem, kept }: { commit: string; problem: string; kept?: ListRef }) => ({
    what: `The list of members ${commit.slice(0, 12)} was not accepted.`,
    why: `${problem}.`,
    hint: `If an owner has a newer samocode, update this one. ${restoring(kept)}`,
  }),
  /** @param command what to type */
  pool_needs_person: ({ command }: { command: string }) => ({
    what: 'Nothing was changed.',
    why: 'Only a person may decide, in a terminal, which machines share sessions with this one.',
    hint: `Run "samocode ${command}" in a terminal, outside any agent; on another machine, once: ssh -t <machine> samocode ${command}`,
  }),
  pool_no_member: ({ name, members }: { name: string; members: readonly string[] }) => ({
    what: `"${name}" does not identify one machine of the pool.`,
    why: members.length === 0 ? 'No machine has joined it yet.' : `It has: ${members.join(', ')}.`,
    hint: 'Name one of them; use its id if several have the same name.',
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
    hint: 'Run "samocode pool status" to see the machines of the pool and their problems.',
  }),
  not_published: ({ session }: { session: string }) => ({
    what: `${session} was not taken.`,
    why: 'The remote of the pool has no state of it.',
    hint: 'If it was started just now, try again shortly. Otherwise "samocode pool status" on the machine that had it shows how to publish it again.',
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
    what: `This machine could not take part in the pool as ${host}.`,
    why: 'Another machine, or this one before a restart, did so less than a minute ago.',
    hint: 'After a restart, wait a minute. If it persists, this configuration is a copy: have the copy leave the pool and join it again, which gives it its own identity.',
  }),
  pool_removed: ({ host }: { host: string }) => ({
    what: `${host || 'This machine'} no longer takes part in the pool.`,
    why: 'An owner of the pool has removed it. Its agents have ended, and other machines may continue its sessions.',
    hint: 'To take part again, run "samocode pool leave" and "samocode pool join", and have an owner add it.',
  }),
  pool_card_not_sent: () => ({
    what: 'The request of this machine to join did not arrive at the pool.',
    why: 'The git remote refused it or did not respond, so no owner can see it.',
    hint: 'Run "samocode pool join" again when the remote responds: the rest is done.',
  }),
  pool_database_pooled: () => ({
    what: 'The pool was not joined.',
    why: 'The address leads to a connection pooler that changes the connection between two statements (PgBouncer: pool_mode=transaction).',
    hint: 'Give the address of the database itself, or of a pooler in session mode.',
  }),
  pool_database_failed: () => ({
    what: 'The database of the pool did not respond.',
    why: 'It cannot be reached, refuses the login, took too long, or failed.',
    hint: 'Sessions of this machine continue in the meantime. Try "psql" with the address with which this machine joined the pool.',
  }),
  pool_database_refused: () => ({
    what: 'The database of the pool refused a statement.',
    why: 'The role of this login lacks a privilege in the schema samocode_pool.',
    hint: 'Ask the administrator of the database for "grant samocode_hosts to <role>".',
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
  state_unsigned: ({ commit }: { commit: string }) => ({
    what: `The state ${commit.slice(0, 12)} was not used.`,
    why: 'It is not signed, or its signature does not match it.',
    hint: 'Find out who wrote it: anyone who may push to the remote of the pool could have.',
  }),
  state_untrusted: ({ commit, key }: { commit: string; key: string }) => ({
    what: `The state ${commit.slice(0, 12)} was not used.`,
    why: `It is signed with the key ${key}, which belongs to no member of the pool.`,
    hint: 'If you know that machine, have an owner add it: samocode pool add <fingerprint>',
  }),
  state_after_removal: ({ commit, name, ref, recorded }: AfterRemoval) => ({
    what: `The state ${commit.slice(0, 12)} was not used.`,
    why: `${name}, which signed it, was removed from the pool, and it is not a state that was recorded then.`,
    hint:
      recorded === undefined
        ? `Find out who pushed it, and take the login of ${name} away from the remote.`
        : `Take the login of ${name} away from the remote. To continue from the recorded state, move ${ref} back to ${recorded}.`,
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
    why: `From another machine, ${setting} can be set to ${most} at most, which ${host} allows, and not to ${asked}.`,
    hint: `Set ${most} or less, or run "samocode resume ${session}" on ${host}.`,
  }),
  act_unsigned: ({ id, machine }: { id: string; machine: string }) => ({
    what: `The command ${id} from ${machine} was not carried out.`,
    why: 'It is not signed: that machine has an older samocode, or it was written into the database by hand.',
    hint: `Update samocode on ${machine}, then try again.`,
  }),
  act_untrusted: ({ id, machine }: { id: string; machine: string }) => ({
    what: `The command ${id} from ${machine} was not carried out.`,
    why: 'No member of the pool has signed it.',
    hint: 'If you know that machine, have an owner add it. Otherwise take its login away from the database.',
  }),
  act_misplaced: ({ id, machine }: { id: string; machine: string }) => ({
    what: `The command ${id} from ${machine} was not carried out.`,
    why: 'It was signed as another command, or for another session.',
    hint: 'Find out who wrote it: anyone with a login of the database could have.',
  }),
  state_replaced: ({ session }: { session: string }) => ({
    what: `This machine no longer continues ${session}.`,
    why: 'The state of it on the remote of the pool is not the one that this machine published last: the remote was restored from a backup, a push arrived late, or another machine uses a copy of this configuration.',
    hint: `To continue it from that state, run "samocode pool take ${session}" on this machine. Its work here is then moved aside.`,
  }),
  state_gone: ({ ref, commit }: { ref: string; commit: string }) => ({
    what: 'No machine of the pool continues this session.',
    why: `The remote of the pool has no ${ref}: it was deleted, or the pool uses another remote now.`,
    hint: `To continue it, run "git push <remote of the pool> ${commit}:${ref}" in this repository.`,
  }),
});
