import { errors } from '../../kernel/errors.ts';
import { shellWord } from '../../kernel/shell-quoted.ts';
import { joinNames } from '../../session/commands/judge-finish.ts';
import { describeUnstarted, type WorkerStartFailure } from './unstarted-worker.ts';

export const NOTHING = 'No session was started.';

/** Refusals of a start: the project, the machine, the name, the task. */
export const START_ERRORS = errors(NOTHING, {
  agent_needs_guard: ({ title, why, hint }: { title: string; why: string; hint: string }) => ({
    why: `A repository can make ${title} run programs before its first prompt, and its agents would run without the sandbox: ${why}.`,
    hint: `${hint} Or set ACP_WITHOUT_GUARD=yes in .samocode, for repositories that you trust.`,
  }),
  bad_start_time: ({ given, why, hint }: { given: string; why: string; hint: string }) => ({
    why: `"${given.slice(0, 40)}" ${why}.`,
    hint,
  }),
  bad_phase: ({ given, allowed }: { given: string; allowed: readonly string[] }) => ({
    why: `A session cannot continue at "${given.slice(0, 40)}".`,
    hint: `Name one of these phases: ${allowed.join(', ')}.`,
  }),
  cannot_ask: ({ title, isSettable }: { title: string; isSettable: boolean }) => ({
    why: `PERMISSIONS is allow, and ${title} is not known to ask before it acts.`,
    hint: isSettable
      ? 'Set PERMISSIONS=skip, or ACP_ASKS=yes in .samocode if it does ask.'
      : 'Set PERMISSIONS=skip.',
  }),
  chat_excludes: ({ given }: { given: readonly string[] }) => ({
    why: `A session that carries on a chat can have a task, a topic or a plan as well; here it is also given ${given.join(', ')}.`,
    hint: 'Leave that out, or start without the chat.',
  }),
  command_missing: () => ({
    why: 'PROVIDER is acp, and ACP_COMMAND does not say which agent.',
    hint: 'Name it in .samocode, as in ACP_COMMAND=my-agent acp.',
  }),
  command_not_found: ({ found, fix }: { found: string; fix: string }) => ({
    why: found,
    hint: fix,
  }),
  gateway_unknown: ({ title, service }: { title: string; service: string }) => ({
    why: `PERMISSIONS is auto, and ${service} names a service that may not pass on what the reviewer of ${title} asks; then every action is denied.`,
    hint: `Set GATEWAY_REVIEWED=yes in .samocode if it does, or PERMISSIONS=allow, or start without ${service}.`,
  }),
  guard_unavailable: ({ sandbox, why, hint }: { sandbox: string; why: string; hint: string }) => ({
    why: `SANDBOX is ${sandbox}, and that is not available here: ${why}.`,
    hint,
  }),
  forge_login_open: ({ why, hint, line }: { why: string; hint: string; line?: string }) => ({
    why: `${line ? `.samocode has ${line}` : 'The session reads text that others wrote'}, so agents must not be able to log in to GitHub, and here they could: ${why}.`,
    hint: line ? `${hint} Or remove ${line} from .samocode.` : hint,
  }),
  from_excludes: ({ given }: { given: readonly string[] }) => ({
    why: `A session that continues a folder keeps its task, name and branch, and continues at once; here it is also given ${given.join(', ')}.`,
    hint: 'Leave that out, or start a new session without from.',
  }),
  from_missing: () => ({
    why: 'Only a session folder that already exists continues at a phase, and none is given.',
    hint: 'Add from: its name or path.',
  }),
  no_reviewer: ({ title }: { title: string }) => ({
    why: `PERMISSIONS is auto, and ${title} has no reviewer of its vendor: it is not offered.`,
    hint: 'Set PERMISSIONS=allow or skip, or use Claude Code or Codex for every phase and as FALLBACK.',
  }),
  not_plain: ({ session, names }: { session: string; names: readonly string[] }) => ({
    why: `In the folder ${session}, ${joinNames(names)} must be plain files or folders, and are not.`,
    hint: 'Move them aside, then try again.',
  }),
  folder_not_found: ({ folder, names }: { folder: string; names: readonly string[] }) => ({
    why: `No folder "${folder}" is in the sessions folder of the project.`,
    hint: `Folders that are not sessions yet: ${names.length === 0 ? 'none.' : names.join(', ')}`,
  }),
  not_in_sessions: ({ folder, sessions }: { folder: string; sessions: string }) => ({
    why: `${folder} is not in ${sessions}, the sessions folder of the project.`,
    hint: 'Move it there, or name the project that it belongs to.',
  }),
  nothing_to_do: () => ({
    why: 'It has neither a task nor a topic to research (dive).',
    hint: 'Write one of them, or both.',
    modelHint: "Give a task in the user's own words, a topic, or both.",
  }),
  other_sessions: ({ session, projectDir }: { session: string; projectDir: string }) => ({
    why: `${session} belongs to another project, ${projectDir}; a session can only follow one of its own project.`,
    hint: 'Name a session of this project, or start this one when that one is done.',
  }),
  person_needed: ({ filePath, lines }: { filePath: string; lines: string }) => ({
    what: 'Nothing was trusted.',
    why: `${lines} in ${filePath} relaxes a rule, and a model or script may not trust that for the user.`,
    hint: 'Remove the line from the file, or let the user trust it in their own terminal.',
    next: [{ act: 'trust' }],
  }),
  phase_unknown: ({ session }: { session: string }) => ({
    why: `The overview of ${session} names no known phase.`,
    hint: 'Give the phase at which it continues, or set it as `Phase: …` under `## Status` in _overview.md.',
  }),
  plan_excludes_dive: () => ({
    why: 'A given plan is carried out as it is, so no agent researches a topic (dive) first.',
    hint: 'Leave one of them out, or let agents plan from it: --replan.',
    modelHint: 'Leave one of them out, or let agents plan from it: replan (--replan).',
  }),
  plan_unusable: ({ path, problem, fix }: { path: string; problem: string; fix: string }) => ({
    why: `${path} cannot be the plan of a session: ${problem}.`,
    hint: fix,
  }),
  project_not_trusted: ({ filePath, lines, hash }: NotTrusted) => ({
    what: `${filePath} is not trusted yet.`,
    why: `These lines run something or relax a rule: ${lines}.`,
    next: [{ act: 'trust', args: { hash } }],
  }),
  replan_missing: () => ({
    why: 'Agents plan anew (replan) from a plan, and none is given.',
    hint: 'Add --plan FILE.',
    modelHint: 'Add plan, or leave replan out.',
  }),
  quick_excludes: ({ given }: { given: readonly string[] }) => ({
    why: `A quick session does one task as it is written; here it is also given ${given.join(', ')}.`,
    hint: 'Leave that out, or start without quick.',
  }),
  quick_unanswered: () => ({
    why: 'The user was asked in a form whether it may start without questions and a plan, and did not answer.',
    hint: 'Start it again when the user is ready, or without quick.',
  }),
  review_needs_quick: () => ({
    why: 'It is to be reviewed whatever its size, and only a quick session could be done without a review.',
    hint: 'Leave --review out, or add --quick.',
  }),
  root_refused: ({ title }: { title: string }) => ({
    why: `This user is root, and ${title} does not skip permissions for root.`,
    hint: 'Run as another user, or set PERMISSIONS=allow, or, on a disposable machine, IS_SANDBOX=1.',
  }),
  run_already: ({ session }: { session: string }) => ({
    why: `${session} is a session already.`,
    next: [{ act: 'read_status', session }],
  }),
  session_exists: ({ session }: { session: string }) => ({
    why: `A session of that name already exists: ${session}.`,
    hint: 'Choose another name, or continue that one.',
    next: [{ act: 'resume', session, args: { session } }],
  }),
  state_unwritable: ({ folder, code }: { folder: string; code: string }) => ({
    why: `The log of the session cannot be kept in ${folder} (${code}).`,
    hint: 'Free some space on that disk, or make the folder writable for your user (in a container with a read-only home, mount one there). Then start it again.',
  }),
  start_circle: ({ chain }: { chain: readonly string[] }) => ({
    why: `It would wait for itself: ${chain.join(' → ')}.`,
    hint: 'Start it in another group, or after something else.',
  }),
  task_unknown: ({ session }: { session: string }) => ({
    why: `The folder ${session} has no readable _overview.md, so its task is not on record.`,
    next: [{ act: 'start' }],
  }),
  trust_changed: ({ given, filePath }: { given: string; filePath: string }) => ({
    what: 'Nothing was trusted.',
    why: `"${given.slice(0, 64)}" is not the hash of ${filePath} as it is now: 20 digits or more.`,
    hint: 'Read its lines again; their hash comes with them.',
    next: [{ act: 'read_risky_lines', when: 'to see them' }],
  }),
  line_stops: ({ path, text }: { path: string; text: string }) => ({
    why: `${path}: ${text}`,
    hint: 'Change that line, then start again. Sessions under way keep their limits.',
  }),
  not_logged_in: ({ found, fix }: { found: string; fix: string }) => ({
    why: `${found} The first agent would fail.`,
    hint: fix,
  }),
  unreported_spending: ({ title, limit, others }: { title: string; limit: string; others: string }) => ({
    why: `${limit} is set, but ${title} does not report that, so it would have no effect.`,
    hint: `Set ${others} instead.`,
  }),
  work_elsewhere: ({ session, earlier, worktreePath }: WorkElsewhere) => ({
    why: `The overview of ${session} names the worktree ${earlier}, but here it belongs at ${worktreePath}.`,
    hint: `Move it there, in MAIN_REPO: git worktree move ${shellWord(earlier)} ${shellWord(worktreePath)}.`,
  }),
  worker_not_started: ({ program, unstarted }: { program: string; unstarted: WorkerStartFailure }) => ({
    why: describeUnstarted(unstarted),
    hint:
      unstarted.kind === 'exited'
        ? `Run "node ${program}": it should print its usage. If it does not, reinstall samocode.`
        : 'Start it again once the machine is less busy.',
  }),
  worktree_stands: ({ folder }: { folder: string }) => ({
    why: `${folder}, the folder for its worktree, is not empty; it may belong to a session in another SESSIONS folder.`,
    hint: 'Choose another name, or, if its contents are no longer needed, remove it with "git worktree remove".',
  }),
});

interface WorkElsewhere {
  session: string;
  earlier: string;
  worktreePath: string;
}

interface NotTrusted {
  filePath: string;
  lines: string;
  /** Absent if only a person can trust these lines, in a terminal. */
  hash: string | undefined;
}
