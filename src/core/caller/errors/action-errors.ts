import { errors } from '../../kernel/errors.ts';
import { shellWord } from '../../kernel/shell-quoted.ts';
import { joinNames } from '../../session/commands/judge-finish.ts';
import type { Status } from '../../session/events/state.ts';
import { AUTO_ASSIGN } from '../../session/layout/owners.ts';
import { describeUnstarted, type WorkerStartFailure } from './unstarted-worker.ts';

/** Refusals of an act on a session, or of the search for one. */
export const ACTION_ERRORS = errors({
  act_id_malformed: () => ({
    what: 'Nothing was done.',
    why: 'The id of the act is not a UUID of version 7.',
    hint: 'Send the act under another id.',
  }),
  act_id_used: ({ kind }: { kind?: string }) => ({
    what: 'Nothing was sent.',
    why:
      kind === undefined
        ? 'The id of the act belongs to an earlier command that asked for something else.'
        : `The id of the act belongs to an earlier command of another kind, "${kind.replaceAll('_', ' ')}".`,
    hint: 'Send the act under another id.',
  }),
  not_in_this_build: ({ what }: { what: string }) => ({
    what: 'Nothing was done.',
    why: `This build of samocode was made without the extension for ${what}.`,
    hint: 'Use a build that has it.',
  }),
  pool_takes_over: ({ session }: { session: string }) => ({
    what: `${session} was not taken over.`,
    why: 'It belongs to a pool, which records the machine that has it. If that machine fails, another one continues it automatically.',
    hint: 'Run "samocode pool status" to see the machines of the pool and their problems.',
  }),
  answers_need_person: () => ({
    what: 'Nothing was published.',
    why: "Only a person may make people's answers public, and this call could come from a model.",
    hint: 'Leave out --with-answers, or let the user type it in a terminal outside any agent.',
  }),
  elsewhere_in_pool: ({ session, host = AUTO_ASSIGN }: { session: string; host?: string }) => ({
    what: `Session ${session} was not changed.`,
    why:
      host === AUTO_ASSIGN
        ? 'It is offered to the pool, and no machine has taken it yet.'
        : `Its branch and its worktree are on ${host}.`,
    hint:
      host === AUTO_ASSIGN
        ? 'Stop it with stop_session, or wait until a machine takes it.'
        : `Finish it on ${host}. From here, you can answer, approve, resume and stop it.`,
  }),
  folder_gone: ({ session, path, branch, isRepository }: FolderGone) => ({
    what: `Session ${session} was not changed.`,
    why: `${path} was moved or removed. A session stays in the folders that it was started with.`,
    hint: isRepository
      ? `Move it back and run "git worktree repair" there, then try again. Or start a new session in the repository's current folder${branch === undefined ? '' : `, with ${branch} as its base`}.`
      : `Move it back, or create the folder again if you removed it: its worktree is then recreated from ${branch ?? 'its branch'}.`,
  }),
  from_alone: () => ({
    what: 'No round was begun.',
    why: 'A round takes its work from the pull request alone.',
    hint: 'Give only session and from. A new goal or a note needs a separate call.',
  }),
  inside_session: () => ({
    what: 'Nothing was changed.',
    why: 'This program was started from inside a samocode session, where only reading is allowed.',
    hint: 'To ask a person for something, write it to _signal.json.',
  }),
  not_shown: ({ session }: { session: string }) => ({
    what: `Nothing was done to ${session}.`,
    why: 'It counts only on what the user was shown, and this call does not name that.',
    hint: 'Have it shown first, without confirming it; then confirm with the hash that is given there.',
  }),
  preview_changed: ({ session }: { session: string }) => ({
    what: `Nothing was done to ${session}.`,
    why: 'What it would do has changed since it was shown.',
    hint: 'Have it shown again, then decide.',
  }),
  no_such_folder: ({ path, why }: { path: string; why: string }) => ({
    what: `There is no folder "${path.slice(0, 200).replaceAll('\0', '?')}".`,
    why: `${why}.`,
    hint: 'Give the absolute path of a folder in the project.',
  }),
  not_finished: ({ session, reason }: { session: string; reason?: string }) => ({
    what: 'The session was not finished.',
    why: reason ?? 'Its worker has not completed it yet.',
    next: [{ act: 'read_status', session }],
  }),
  not_merged: ({ into, reason, files, commands }: NotMerged) => ({
    what: `Nothing was merged into ${into}.`,
    why: [reason, files.length === 0 ? '' : `Conflicts: ${joinNames(files)}.`].join(' ').trim(),
    hint: commands.length === 0 ? '' : `To resolve that: ${commands.join('; ')}.`,
  }),
  not_imported: ({ session }: { session: string }) => ({
    what: `The folder ${session} is not a session yet.`,
    why: 'It has an overview, but samocode has no records of it: the Python samocode left it, or a person prepared it.',
    hint: `In a terminal, a person makes a session of it: samocode import ${shellWord(session)}`,
  }),
  plan_file_changed: ({ session, name }: { session: string; name: string }) => ({
    what: `Your version of ${name} was not saved.`,
    why: 'The file was changed by another program while it was open here.',
    hint: 'Read the plan again, then edit it once more.',
    next: [{ act: 'decide_plan', session }],
  }),
  other_project: ({ session, projectDir, command }: OtherProject) => ({
    what: 'Nothing was changed.',
    why: `Session ${session} belongs to another project, ${projectDir}.`,
    hint: command === undefined ? '' : `If you mean it: ${command}`,
    next:
      command === undefined
        ? [{ act: 'name_project', args: { project_dir: projectDir }, when: 'if the user means it' }]
        : [],
  }),
  /** No failure: the work has only not ended yet. This is the one place that words it. */
  pending: ({
    session,
    command,
    seconds,
    isAccepted,
    died,
    owner,
    unstarted,
    inPool,
    suspended,
  }: Pending) => ({
    what:
      command === undefined
        ? `Session ${session} was not continued yet.`
        : `Session ${session}: the command "${command.replaceAll('_', ' ')}" ${isAccepted ? 'was accepted, and is not done yet' : 'is queued, and has no effect yet'}.`,
    why: isAccepted
      ? died === undefined
        ? `The worker carries it out; it did not end within ${seconds} s.`
        : `Its worker died, and so did the next ${died}, within ${seconds} s.`
      : inPool !== undefined
        ? pendingInPool(inPool)
        : suspended !== undefined
          ? `Its worker does nothing: ${suspended}. It takes effect then.`
          : owner === undefined
            ? `It ${command === undefined ? 'continues' : 'takes effect'} once a worker answers${unstarted ? `. ${describeUnstarted(unstarted)}` : `; none did within ${seconds} s.`}`
            : `It takes effect once its worker answers: process ${owner.pid} on a machine or in a container that is not visible from here (${owner.hostId}).`,
    hint:
      inPool === undefined || isAccepted
        ? 'If its status stays the same, session.log and worker.stderr of the session say why.'
        : 'Run "samocode pool status" to see the machines of the pool.',
    next: [
      { act: 'read_status', session, when: 'to see whether it is done' },
      ...(owner === undefined ? [] : [{ act: 'take_over', session, when: GONE_FOR_GOOD } as const]),
    ],
  }),
  project_unclear: ({ files }: { files: readonly string[] }) => ({
    what: 'The project is ambiguous.',
    why: `It could be any of these: ${files.slice(0, 10).join(', ')}.`,
    next: [{ act: 'name_project' }, { act: 'set_up', when: 'to set up another project' }],
  }),
  relative_folder: ({ path }: { path: string }) => ({
    what: `"${path.slice(0, 200)}" does not identify a folder.`,
    why: "A relative path is resolved against the client's folder, and this client has none or several.",
    hint: 'Give an absolute path.',
  }),
  rewind_halfway: ({ session, reason }: { session: string; reason: string }) => ({
    what: 'The session was only partly rewound, and is blocked.',
    why: reason,
    hint: 'Nothing is lost.',
    next: [
      { act: 'resume', session, when: 'to complete the rewind' },
      { act: 'rewind', session, args: { undo: true }, when: 'to revert it' },
    ],
  }),
  round_not_published: ({ session, reason }: { session: string; reason: string }) => ({
    what: 'The work of the round was not published.',
    why: reason,
    next: [{ act: 'begin_round', session, when: 'to try again' }],
  }),
  session_ambiguous: ({ session, names, projects }: SessionAmbiguous) => ({
    what: `There is more than one session "${session.slice(0, 80)}".`,
    why:
      projects.length > 1
        ? `These projects have one: ${projects.join(', ')}.`
        : `These names begin with it: ${names.slice(0, 10).join(', ')}${names.length > 10 ? ' and others' : ''}.`,
    hint: projects.length > 1 ? '' : 'Give a longer part of its name.',
    next: projects.length > 1 ? [{ act: 'name_project' }] : [],
  }),
  session_lost: ({ session, problems, sessionDir, isUnreadable }: SessionLost) => ({
    what: isUnreadable ? `Session ${session} cannot be read.` : `Session ${session} is read-only here.`,
    why: problems.join(' '),
    hint: isUnreadable
      ? 'Fix that, then try again.'
      : `The remaining files are in ${sessionDir}; its work can continue in a new session.`,
  }),
  session_not_found: ({ session, newest, meant }: { session: string; newest: string; meant?: string }) => ({
    what: `There is no session "${session.slice(0, 80)}".`,
    why: newest === '' ? 'There are no sessions yet.' : `The newest ones are: ${newest}.`,
    hint: meant === undefined ? '' : `Did you mean "${meant}"?`,
    next: meant === undefined ? [{ act: newest === '' ? 'start' : 'list' }] : [],
  }),
  text_missing: ({ name }: { name: string }) => ({
    what: 'Nothing was sent.',
    why: `The ${name} is empty.`,
    hint: `Write the ${name}, then try again.`,
    modelHint: `Give the ${name} in the user's own words.`,
  }),
  text_too_long: ({ name, chars, most }: { name: string; chars: number; most: number }) => ({
    what: 'Nothing was sent.',
    why: `The ${name} has ${chars} characters; the limit is ${most}.`,
    hint: 'Put the long part into a file of the project and name that file here.',
  }),
  whole_name_needed: ({ session, meant }: { session: string; meant: readonly string[] }) => ({
    what: 'Nothing was changed.',
    why: `"${session.slice(0, 80)}" is only the beginning of a session's name, and nobody is asked.`,
    hint: `Give the full name: ${meant.slice(0, 5).join(', or ')}.`,
  }),
  watch_unguarded: ({ session, why, hint }: { session: string; why: string; hint: string }) => ({
    what: 'Nothing was published.',
    why: `Agents of a session whose pull request is watched must not be able to log in to GitHub, and here they could: ${why}.`,
    hint,
    next: [
      {
        act: 'finish',
        session,
        when: 'to publish it without watching',
        args: { how: 'pull_request', watch: false },
      },
    ],
  }),
});

interface FolderGone {
  session: string;
  path: string;
  branch: string | undefined;
  isRepository: boolean;
}

interface OtherProject {
  session: string;
  projectDir: string;
  command: string | undefined;
}

interface SessionLost {
  session: string;
  problems: readonly string[];
  sessionDir: string;
  isUnreadable: boolean;
}

interface SessionAmbiguous {
  session: string;
  names: readonly string[];
  projects: readonly string[];
}

const GONE_FOR_GOOD = 'if that machine or container is gone for good';

interface Pending {
  session: string;
  /** Of its log, as last read; absent if its folder is gone. */
  state?: Status['kind'] | undefined;
  /** The kind of the command; absent for a worker that was started without one. */
  command?: string;
  seconds: number;
  /** A worker has accepted the command, and its end was not seen. */
  isAccepted?: true;
  /** The workers that were started for it and died. */
  died?: number;
  /** The worker, if it runs on a machine or in a container that is not visible from here. */
  owner?: { pid: number; hostId: string } | undefined;
  /** That its worker is suspended, and what continues it. */
  suspended?: string | undefined;
  /** The worker that was started for it, if it has not recorded its start. */
  unstarted?: WorkerStartFailure | undefined;
  /** Who has the session, if that is another machine of a pool, or none yet: its name, or `AUTO_ASSIGN`. */
  inPool?: string | undefined;
}

function pendingInPool(host: string): string {
  if (host === AUTO_ASSIGN) return 'It takes effect once a machine of the pool takes the session.';
  return `It takes effect once ${host} has read it: within seconds, or when that machine is back.`;
}

interface NotMerged {
  into: string;
  reason: string;
  files: readonly string[];
  commands: readonly string[];
}
