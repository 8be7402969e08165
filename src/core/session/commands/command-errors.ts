import { type NextStep, TO_FILL } from '../../kernel/acts.ts';
import { type Explanation, errors } from '../../kernel/errors.ts';
import { PERSONAL } from '../../kernel/phases/channels.ts';
import type { ExcessLimit } from '../../kernel/phases/limits.ts';
import { cut } from '../../kernel/text.ts';
import { FINISHING, type Finishing } from '../events/bodies/finishing.ts';
import type { Channel } from '../events/bodies/who-acted.ts';
import type { UnreadMessage } from '../events/state.ts';

/** A row says what was not done if the worker also ends work with it: its end records the whole text. */
export const COMMAND_ERRORS = errors('Nothing was changed.', {
  no_extension: ({ kind }: { kind: string }) => ({
    why: `This build of samocode was made without the extension that carries out "${kind}".`,
    hint: 'Continue the session with a build that has it.',
  }),
  already_running: () => ({
    why: 'The session is already running.',
    next: [
      { act: 'message', args: { text: TO_FILL }, when: 'to guide its next agent' },
      { act: 'stop', when: 'for other work' },
    ],
  }),
  already_started: () => ({
    why: 'The session was started before.',
    next: [{ act: 'resume', when: 'to continue it' }],
  }),
  archived: () => ({
    why: 'The session is in the archive.',
    next: [{ act: 'unarchive', ifWanted: true }],
  }),
  bad_command: ({ problem }: { problem: string }) => ({
    why: `The command file cannot be read: ${problem}.`,
    hint: 'Use the tools or the command line instead of writing command files.',
  }),
  branch_moved: () => ({
    why: 'The branch has moved since it was shown what this would do.',
    hint: 'Have it shown again, then decide.',
  }),
  shown_unknown: () => ({
    why: 'The command does not name what was shown: an older samocode sent it.',
    hint: 'Have it shown by this version, then decide.',
  }),
  budget_spent: ({ reason, next }: { reason: string; next: readonly NextStep[] }) => ({
    why: reason,
    next,
  }),
  branch_discarded: ({ branch, commands }: { branch: string; commands: readonly string[] }) => ({
    why:
      commands.length === 0
        ? `Its branch ${branch} was discarded, and the ref that kept it has been removed since.`
        : `Its branch ${branch} was discarded. These commands restore it with its files: ${commands.join(' && ')}`,
    hint:
      commands.length === 0
        ? 'Its documents are still in _archive/ of the sessions folder.'
        : 'Run them, then try again.',
  }),
  busy: ({ with: what }: { with: Finishing['kind'] | 'iteration' | 'rewind' }) => ({
    why: `Its ${(FINISHING as Partial<Record<string, string>>)[what] ?? what} is not finished.`,
    hint: 'Try again once that is over.',
    next: [{ act: 'follow' }],
  }),
  changed_meanwhile: ({ path }: { path: string }) => ({
    what: 'Nothing was discarded.',
    why: `Files in ${path} or its branch changed at the same time.`,
    hint: 'Try again once nothing writes there.',
  }),
  checkpoint_elsewhere: ({ to, kept, on }: Wanted & { on: string }) => ({
    why: `The ${to === 'undo' ? 'state before the last rewind' : `checkpoint of iteration ${to}`} was kept only on ${on}, which had the session at that time.`,
    hint: rewindable(kept),
  }),
  checkpoint_gone: ({ to, kept }: Wanted) => ({
    why:
      to === 'undo'
        ? 'There is no rewind to undo, or what was there before it is no longer kept.'
        : `There is no checkpoint of iteration ${to}, or it is no longer kept.`,
    hint: rewindable(kept),
  }),
  child_runs: ({ wanted }: { wanted: 'rewind' | 'other' }) => ({
    why:
      wanted === 'rewind'
        ? 'An agent is working in the session.'
        : 'An agent is working in the session; until the iteration ends it takes only stops, messages and withdrawals of messages.',
    hint: wanted === 'rewind' ? '' : 'Try again after the iteration.',
    next: [{ act: wanted === 'rewind' ? 'stop' : 'follow' }],
  }),
  done: () => ({
    why: 'The session is done: no agent will read it.',
    next: [{ act: 'resume', args: { goal: TO_FILL }, when: 'for new work' }],
  }),
  empty_message: () => ({
    why: 'The message is empty.',
    hint: 'Say what the agent should know.',
  }),
  folder_taken: () => ({
    what: 'Nothing was moved.',
    why: 'Another folder exists where its folder would go.',
    hint: 'Move that one away, then try again.',
  }),
  gate_closed: ({ for: waited }: { for: 'answers' | 'plan' }) => ({
    why: waited === 'answers' ? 'It waits for answers.' : 'Its plan waits for approval.',
    next: [{ act: waited === 'answers' ? 'answer_questions' : 'decide_plan' }],
  }),
  phase_closed: ({ phase, why }: { phase: string; why: string }) => ({
    why: `It cannot continue in ${phase}: ${why}.`,
    hint: 'Name an earlier phase, or none: then it continues where it is.',
  }),
  goal_missing: () => ({
    why: 'The session is done and has no work left.',
    next: [
      { act: 'resume', args: { goal: TO_FILL }, when: 'for new work in the same session' },
      { act: 'start', when: 'for another session' },
    ],
  }),
  limits_closed: ({ excess, gateChannels }: ClosedLimits) => ({
    why: `It asks for ${excess.map(({ limitName, asked, highest }) => `limits.${limitName} ${asked}, above the ${highest} that holds`).join(', and for ')}. Only a channel of GATE_CHANNELS (${gateChannels.join(', ')}) raises a limit, and never a client or person on another machine.`,
    hint: 'Ask for no more than that, or the user raises it, for example in a terminal of their own.',
  }),
  message_received: ({ iteration }: { iteration: number }) => ({
    why: `The agent of iteration ${iteration} has received it.`,
    next: [{ act: 'message', args: { text: TO_FILL }, when: 'to correct it' }],
  }),
  message_unknown: ({ message, unread }: { message?: string; unread: readonly UnreadMessage[] }) => ({
    why:
      message !== undefined
        ? `There is no message "${message.slice(0, 80)}".`
        : unread.length === 0
          ? 'No message waits for an agent.'
          : `${unread.length} messages wait for an agent.`,
    hint: unread.length === 0 ? '' : `Give the id of one: ${unread.map(shownMessage).join('; ')}.`,
  }),
  message_withdrawn: () => ({
    why: 'The message was already withdrawn.',
    hint: 'No agent will receive it.',
  }),
  needs_person: forPerson,
  kept_for_person: () => ({
    why: 'It waits because KEEP_5H or KEEP_7D keeps the rest of the usage limit for a person, and only a person may use it.',
    hint: 'It continues on its own once the window ends. The user can resume it in a terminal of their own, on the page or by phone; it then works until that window ends.',
  }),
  newer_command: ({ problem }: { problem: string }) => ({
    why: `A newer samocode wrote this command (${problem}), and the worker of this session does not know it.`,
    hint: 'Stop the session and resume it here, which starts a worker of this version. Then try again.',
  }),
  no_pull_request: () => ({
    why: 'The session has no open pull request.',
    next: [{ act: 'finish', args: { how: 'pull_request' }, when: 'to open one' }],
  }),
  not_archived: () => ({
    why: 'The session is not in the archive.',
    hint: 'There is nothing to restore.',
  }),
  not_at_rest: ({ status }: { status: string }) => ({
    why: `The session is ${status}.`,
    next: [{ act: 'stop' }],
  }),
  not_done: ({ status }: { status: string }) => ({
    why: `The session is ${status}, not done.`,
    hint: 'Only a session that is done takes a new goal; without one this continues where it is.',
  }),
  no_base_branch: ({ base }: { base: string }) => ({
    why: `The session began from ${base}, and there is no local branch of it that could take the work.`,
    hint: 'Merge its branch by hand into the branch that you want, or open a pull request.',
  }),
  not_done_yet: ({ isMerge, status }: { isMerge?: true; status: string }) => ({
    why: `The session is ${status}, not done: its work is not proved.`,
    next: ['blocked', 'stopped'].includes(status)
      ? [{ act: 'resume', when: 'to let it complete the work' }, ...(isMerge ? [DRAFT] : [])]
      : [{ act: 'read_status' }],
  }),
  not_merged_yet: () => ({
    why: 'The branch of the session has not been merged.',
    next: [{ act: 'finish', args: { how: 'merge' }, ifWanted: true }],
  }),
  not_for_trash: ({ path, names }: { path: string; names: string }) => ({
    why: `A ref cannot keep all of ${path}: ${names} (over 50 MB, unreadable, changed by a filter of the repository, a repository or submodule, or too many new files).`,
    hint: 'Move them away or remove them, then try again.',
  }),
  not_running: ({ status }: { status: string }) => ({
    why: `The session is already ${status}.`,
    hint: 'There is nothing to stop.',
  }),
  not_watched: () => ({
    why: 'Its pull request is not watched.',
    next: [{ act: 'begin_round', ifWanted: true }],
  }),
  nothing_kept: () => ({ why: 'The session has no worktree yet.', hint: NONE_YET }),
  nothing_to_archive: ({ hasDocuments }: { hasDocuments: boolean }) => ({
    why: hasDocuments ? 'Every document is in "keep".' : 'The session has no documents.',
    hint: hasDocuments ? 'Keep fewer of them.' : '',
  }),
  nothing_to_merge: ({ into, archived }: { into: string; archived?: boolean }) => ({
    why: `Every commit of the session is in ${into} already, or its branch is gone.`,
    next: archived ? [] : [{ act: 'archive', when: 'to archive the session' }],
  }),
  person_needed: ({ sandbox }: { sandbox: string }) => ({
    why: `Its agents were to run with sandbox ${sandbox}, which is less strict than the project's, and a model or script may not choose that for the user.`,
    hint: 'Start it without that choice, or the user starts it in a terminal of their own.',
  }),
  quick_issue_needs_person: () => ({
    why: 'Others wrote the text of the issue, so only a person may have it worked on without questions and a plan.',
    hint: 'Start it without quick, or the user starts it in a terminal of their own or on the page.',
  }),
  rewind_halfway: () => ({
    why: 'A rewind has restored only some of the files.',
    next: [
      { act: 'resume', when: 'to complete it' },
      { act: 'rewind', args: { undo: true }, when: 'to revert it' },
    ],
  }),
  round_known: () => ({
    why: 'A round about this has already begun.',
    hint: 'Nothing needs to be done: each comment, failed check and conflict starts one round at most.',
  }),
  stop_under_way: () => ({
    why: 'A stop has been requested.',
    hint: 'Resume it once it has stopped.',
    next: [{ act: 'follow' }],
  }),
  tip_replaced: ({ branch, problem }: { branch: string; problem: string }) => ({
    why: `The branch "${branch}" could not be updated to the head of its pull request: ${problem}`,
    next: [{ act: 'begin_round', when: 'once the branch of the session is as you want it' }],
  }),
  unknown_document: ({ names, documents }: { names: string; documents: readonly string[] }) => ({
    why: `There is no document ${names}.`,
    hint: `Documents here: ${documents.join(', ') || 'none'}.`,
  }),
  /** @param args.pid undefined: another worker than the one that was given up, elsewhere */
  worker_lives: ({ session, pid, since }: { session: string; pid: number | undefined; since: string }) => ({
    what: `Session ${session} was not taken over.`,
    why:
      pid === undefined
        ? `Another worker than the one that was given up has had it since ${since}.`
        : `Its worker is alive on this machine: process ${pid}, since ${since}.`,
    next: [
      { act: 'read_status', session },
      { act: 'stop', session, when: 'to end it' },
    ],
  }),
  worktree_foreign: ({ path, problem }: { path: string; problem: string }) => ({
    what: 'Nothing was moved.',
    why: `${path} is not a worktree of this repository: ${problem}`,
    hint: 'Check what it is, move it away, then try again.',
  }),
  would_lose_work: ({ path, files, commits, isHidden }: Unsaved) => ({
    what: 'Nothing was moved.',
    why: [
      ...(files === undefined ? [] : [`Changes in ${path} are not committed: ${files}.`]),
      ...(commits === 0 ? [] : [`Commits there that are on no branch: ${commits}.`]),
    ].join(' '),
    hint: `Commit or remove them, then try again.${isHidden ? ` ${UNHIDE}` : ''}`,
  }),
});

const DRAFT: NextStep = {
  act: 'finish',
  args: { how: 'pull_request' },
  when: 'to publish what there is as a draft',
};
const NONE_YET = 'It has no checkpoints yet; one is taken after each iteration.';
const UNHIDE =
  'git ignores changes to some of them: "git update-index --no-assume-unchanged --no-skip-worktree <file>" ends that.';

interface Wanted {
  to: number | 'undo';
  kept: readonly number[];
}

function rewindable(kept: readonly number[]): string {
  return kept.length === 0 ? NONE_YET : `It can be rewound to: ${kept.slice(0, 30).join(', ')}.`;
}

function shownMessage({ id, at, line }: UnreadMessage): string {
  return `${id} (${at}, "${cut(line, 60)}")`;
}

interface ClosedLimits {
  excess: readonly ExcessLimit[];
  gateChannels: readonly Channel[];
}

/** `rule`: of a block that a model has undone before; `level`: the lower one of the sandbox; neither: programs of git. */
interface PersonReason {
  rule?: string | undefined;
  level?: string;
}

function forPerson({ rule, level }: PersonReason): Omit<Explanation, 'what'> {
  if (rule !== undefined)
    return {
      why: `A model has resumed it once from the block "${rule}", and no person has acted in the session since.`,
      next: [{ act: 'resume', by: PERSONAL }],
    };
  if (level !== undefined)
    return {
      why: `Its agents would run at the sandbox level "${level}", lower than it began with. Only a person may decide that.`,
      hint: 'Fix the guard, or the user resumes it in a terminal of their own on the machine that has the session.',
      next: [{ act: 'doctor', when: 'to see what the guard lacks' }],
    };
  return {
    why: 'It would accept settings or hooks by which git starts programs, and only a person may accept them.',
    hint: 'The user reads what it lists, and resumes it in a terminal of their own on the machine that has the session.',
  };
}

interface Unsaved {
  path: string;
  files: string | undefined;
  commits: number;
  isHidden: boolean;
}
