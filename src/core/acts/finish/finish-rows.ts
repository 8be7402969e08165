import type { CompletedCommand } from '../../caller/commands/await-command.ts';
import type { CommandRequest } from '../../caller/commands/send-command.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { theExtension } from '../../caller/context/in-this-build.ts';
import { ACTION_ERRORS } from '../../caller/errors/action-errors.ts';
import type { Acted } from '../../caller/facts/acted.ts';
import type { NextStep } from '../../kernel/acts.ts';
import { SamocodeError } from '../../kernel/errors.ts';
import { redAfter, unsteadyIn } from '../../kernel/phases/proving.ts';
import { capitalised, counted } from '../../kernel/text.ts';
import { TRASH_DAYS } from '../../project/finishing/trash.ts';
import type { Command, CommandOf } from '../../session/commands/commands.ts';
import {
  joinNames,
  judgeArchive,
  judgeDiscard,
  judgeMerge,
  judgePullRequest,
  judgeUnarchive,
} from '../../session/commands/judge-finish.ts';
import type { GateRule, Refused } from '../../session/commands/refused.ts';
import type { EventType } from '../../session/events/bodies/event-types.ts';
import type { PublishEnd } from '../../session/events/bodies/finishing.ts';
import type { By } from '../../session/events/bodies/who-acted.ts';
import type { EventOf } from '../../session/events/events.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { SCREENS } from '../../session/layout/paths.ts';
import { leftOpen, unsignedWords } from '../../session/proof/proof-limits.ts';
import type { FinishWay } from './finish-choices.ts';
import {
  type FinishReading,
  type FinishSessionInput,
  type FinishVerdict,
  WATCH_UNTRUSTED,
} from './publishing.ts';

export interface FinishResult extends Acted {
  /** The folder that the session or its documents were moved to; empty if nothing was moved. */
  place: string;
  moved: readonly string[];
  /** Shell commands left to the person, in order. */
  commands: readonly string[];
  url?: string;
  bodyPath?: string;
  /** git could not push this for want of a login; a person may push it in a terminal, then finish again. */
  unpushed?: PublishEnd['unpushed'];
}

/** A way to finish a session. */
interface FinishRow {
  /** The command that does it. */
  kind: Command['kind'];
  /** What is read before it is judged. */
  reads: {
    /** By git that reads files of the worktree. */
    isGuarded?: true;
    /** The files of the worktree; or only whether it can be used, since a ref keeps its files. */
    worktree?: 'files' | 'use';
    branch?: 'standing' | 'merge' | 'publication';
  };
  judge(reading: Judged, asked: Asked): { kind: 'accepted'; moved?: string[] } | Refused;
  /** What it would do. Absent: an extension says so. */
  would?(judged: FinishVerdict, input: FinishSessionInput): string[];
  request(judged: FinishVerdict, input: FinishSessionInput): CommandRequest;
  endsIn(view: SessionView): readonly EventType[];
  /** Whether it lasts as long as the checks of the project or a remote, so that the caller says how long to wait. */
  isLong?: true;
  done(
    end: CompletedCommand,
    judged: FinishVerdict,
    context: ActionContext,
  ): FinishResult | Promise<FinishResult>;
  /** What is done with a session of which nothing can be recorded: only its folder moves. Absent: it is refused. */
  older?(folder: string): string;
}

type Judged = FinishReading & Pick<FinishVerdict, 'view'>;
type Asked = { by: By } & GateRule & Pick<FinishSessionInput, 'keep'>;

const archives = (what: CommandOf<'archive'>['what']) =>
  ({
    kind: 'archive',
    judge: ({ view, facts }, { keep }) => judgeArchive({ what, keep: [...keep] }, view.state, facts),
    request: ({ base }, { keep }) => ({ kind: 'archive', what, keep: [...keep], tip: base?.tip ?? '' }),
    endsIn: () => ['worker_left'],
  }) as const satisfies Partial<FinishRow>;

export const FINISH_ROWS: Readonly<Record<FinishWay, FinishRow>> = {
  keep_branch: {
    ...archives('session'),
    reads: { isGuarded: true, worktree: 'files', branch: 'standing' },
    would: (judged) => [
      aboutBranch(judged),
      ...aboutWorktree(judged.facts),
      `The session's folder will move to _archive/${judged.view.folder}; unarchive restores it.`,
      'Its checkpoints will be removed: it cannot be rewound after that.',
    ],
    done: archived(
      ({ folder, state: { worktree } }, { place }) =>
        `${folder} is archived in ${place}.${worktree ? ` Its branch ${worktree.branch} is kept.` : ''}`,
    ),
    older: (folder) => `${folder} is archived. Its branch and worktree stay.`,
  },
  merge: {
    kind: 'merge',
    reads: { branch: 'merge' },
    judge: ({ view, base }, asked) => judgeMerge(asked, view.state, base ?? { into: undefined, ahead: 0 }),
    would: aboutMerge,
    request: ({ isRepeated, base }) =>
      isRepeated ? { kind: 'publish', what: 'issue' } : { kind: 'merge', tip: base?.tip ?? '' },
    // The comment on an issue follows the merge.
    endsIn: ({ sessionFile }) => [
      'publish_ended',
      sessionFile?.issue === undefined ? 'merge_ended' : 'worker_left',
    ],
    isLong: true,
    done: mergeResult,
  },
  pull_request: {
    kind: 'publish',
    reads: { isGuarded: true, branch: 'publication' },
    judge: ({ view, base }, asked) => judgePullRequest(asked, view.state, base ?? { sinceBase: 0 }),
    request: ({ base, watching }, { withAnswers }) => ({
      ...{ kind: 'publish', what: 'pull_request', tip: base?.tip ?? '', watched: watching === 'on' },
      ...(withAnswers && { withAnswers }),
    }),
    endsIn: () => ['publish_ended'],
    isLong: true,
    done: async (end, judged, context) => {
      const { watching } = judged;
      const published = publishResult(end);
      const { from, done } = published;
      const { whyNotUnattended } = theExtension('forge', 'pull requests');
      const isUnattended = watching === 'on' && from !== undefined;
      const warning = isUnattended ? await whyNotUnattended(judged, from, context) : '';
      const unwatched = watching === 'untrusted' ? ` ${WATCH_UNTRUSTED}` : '';
      return { ...published, done: `${done}${warning}${unwatched}` };
    },
  },
  archive_documents: {
    ...archives('documents'),
    reads: {},
    would: ({ moved, facts }, { keep }) => [
      `${counted(moved.length, 'document')} will move into the session's own _archive: ${joinNames(moved)}.`,
      ...(keep.length > 0 ? [`These will stay: ${joinNames(keep)}.`] : []),
      ...(facts.names.includes(SCREENS)
        ? ['Images in screens/ will be moved too; a copy stays with the documents that are not moved.']
        : []),
      'Branch, worktree and overview will stay; the session can then take a new goal.',
    ],
    done: archived(
      ({ folder }, { place, moved }) =>
        `Archived in ${place}: ${counted(moved.length, 'document')} of ${folder}.`,
    ),
  },
  discard: {
    kind: 'discard',
    reads: { worktree: 'use', branch: 'standing' },
    judge: ({ view, facts }, asked) => judgeDiscard(asked, view.state, facts),
    would: (judged) => [
      `Branch ${judged.view.state.worktree?.branch ?? ''} will be deleted: ${standing(judged)}.`,
      ...aboutWorktree(judged.facts),
      `A ref will keep both, uncommitted files included, for ${TRASH_DAYS} days; unarchive prints the commands that restore them.`,
      `The session's folder will move to _archive/${judged.view.folder}.`,
    ],
    request: ({ base }) => ({ kind: 'discard', tip: base?.tip ?? '' }),
    endsIn: () => ['worker_left'],
    done: archived(({ folder, state: { trash } }, { place }) => {
      const kept = trash && ` ${trash.ref} keeps branch and worktree; unarchive prints how to restore them.`;
      return `${folder} is discarded; its folder is in ${place}.${kept ?? ''}`;
    }),
  },
  unarchive: {
    kind: 'unarchive',
    reads: {},
    judge: ({ view, facts }) => judgeUnarchive(view.state, facts),
    would: ({ view }) => [
      `The session's folder will move back to ${view.paths.sessionsDir}; its worktree will be recreated when it continues.`,
    ],
    request: () => ({ kind: 'unarchive' }),
    endsIn: () => ['worker_left'],
    done: archived(({ folder }) => `${folder} is restored.`),
    older: (folder) => `${folder} is back.`,
  },
};

function archived(
  text: (view: SessionView, moved: Pick<FinishResult, 'place' | 'moved'>) => string,
): FinishRow['done'] {
  return ({ view, events }) => {
    const failed = events.find((event) => event.type === 'finish_ended');
    if (failed !== undefined) throw notFinished(view, failed);
    const { to: place = '', moved = [] } = events.find((event) => event.type === 'archived') ?? {};
    return { view, place, moved, commands: [], done: text(view, { place, moved }) };
  };
}

function aboutMerge({ view, base, isRepeated }: FinishVerdict): string[] {
  if (isRepeated) return ['It is merged already; only the comment on its issue will be written again.'];
  const { sessionFile, state } = view;
  const { into = '', ahead = 0, checkout } = base ?? {};
  const own = state.checks ?? sessionFile?.settings.checks ?? [];
  // The checks of the requirements are among the commands that proved the work.
  const checks = new Set([...own, ...(state.proved?.commands ?? [])]);
  const place = (state.proving ?? sessionFile?.settings.proving)?.in ?? 'worktree';
  return [
    `${counted(ahead, 'commit')} of branch ${state.worktree?.branch} will be merged into ${into}, in a temporary clone.`,
    aboutChecks(checks.size, place, { into, mayStayRed: state.baseChecks?.choice === 'leave' }),
    checkout === undefined
      ? `${into} is not checked out anywhere: only the branch will move.`
      : `${into} is checked out in ${checkout}: its files will be updated if it has no uncommitted changes; otherwise you will get the command.`,
    'Branch and worktree will stay; nothing will be pushed.',
    ...aboutSignatures(view, base),
  ];
}

function aboutChecks(
  checks: number,
  place: string,
  { into, mayStayRed }: { into: string; mayStayRed: boolean },
): string {
  if (checks === 0) return 'The project has no CHECK: nothing will be checked.';
  return place === 'clone'
    ? `${counted(checks, 'check')} will run on the result; ${into} will move only if all of them pass${mayStayRed ? ` (one that a person let stay red may fail if it then fails in the same way on ${into})` : ''}.`
    : `CHECK_IN=worktree: no check can run on the result; ${into} will move only if neither it nor the branch has new commits since the checks passed.`;
}

/** What a repository that requires signatures would refuse. */
export function aboutSignatures(
  { state: { worktree } }: FinishVerdict['view'],
  base: FinishVerdict['base'],
): string[] {
  if (!base?.unsigned || worktree === undefined) return [];
  return [unsignedWords(base.unsigned, worktree.baseCommit)];
}

function aboutWorktree({ worktree }: FinishVerdict['facts']): string[] {
  if (worktree === undefined) return [];
  const { path, reading } = worktree;
  if (reading.kind === 'missing') return ['Its worktree is already gone.'];
  const found = (reading.kind === 'present' && reading.found) || [];
  const also =
    found.length > 0
      ? ` and also these, which programs of the project wrote and no commit has: ${joinNames(found)}`
      : '';
  return [`The worktree ${path} will be removed, including ignored files${also}.`];
}

function aboutBranch(judged: FinishVerdict): string {
  const { view, base } = judged;
  const { worktree } = view.state;
  if (worktree === undefined || base === undefined) return 'It has no branch yet.';
  const { branch, base: from } = worktree;
  if (base.tip === undefined) return `Its branch ${branch} is already gone.`;
  return `Branch ${branch} will stay: ${standing(judged, from)}, at ${base.tip.slice(0, 8)}.`;
}

/** How far the branch is, as counted now. */
function standing({ base, view }: FinishVerdict, from = 'its base'): string {
  const { into, ahead = 0, sinceBase = 0, tip, isInBase } = base ?? {};
  const isBegun = tip !== view.state.worktree?.baseCommit;
  if (into !== undefined && ahead === 0 && isBegun) return `all its commits are in ${into}`;
  if (isInBase) return `its work is in ${view.state.worktree?.base}`;
  return into === undefined
    ? `${counted(sinceBase, 'commit')} since ${from}`
    : `${counted(ahead, 'commit')} ahead of ${into}`;
}

function mergeResult(ended: CompletedCommand, { view: before, isRepeated }: FinishVerdict): FinishResult {
  const { view, events } = ended;
  if (isRepeated) {
    const published = publishResult(ended);
    const done = `${before.folder} is already merged. ${published.done}`;
    return { ...published, done, next: [archiving(before, { ifWanted: true })] };
  }
  const end = events.find((event) => event.type === 'merge_ended');
  if (end === undefined) throw notFinished(view);
  const result = { view, place: '', moved: [], commands: end.commands };
  const { outcome, into, commit = '', reason = '', files, commands } = end;
  const ran = { runs: events.flatMap((event) => (event.type === 'checks_ran' ? event.runs : [])) };
  const open = leftOpen({ redAfter: redAfter(ran), unsteady: unsteadyIn(ran) });
  const checked = open === undefined ? '' : ` ${capitalised(open)}.`;
  const comment = events.find((event) => event.type === 'publish_ended')?.summary;
  if (outcome === 'merged')
    return {
      ...result,
      done: `${view.folder} is merged into ${into}, at ${commit.slice(0, 12)}.${checked} Its branch and its worktree are still there.${comment ? ` ${comment}` : ''}`,
      next: [archiving(view, { ifWanted: true })],
    };
  if (outcome !== 'ready') throw ACTION_ERRORS.not_merged({ into, reason, files, commands });
  const done = `The merge commit exists.${checked} ${reason} These commands do the rest.`;
  return { ...result, done, next: [archiving(view, { when: 'once they have run' })] };
}

function publishResult({
  view,
  events,
}: CompletedCommand): FinishResult & Pick<PublishEnd, 'from' | 'unpushed'> {
  const end = events.find((event) => event.type === 'publish_ended');
  if (end === undefined) throw notFinished(view);
  const { outcome, summary, url, from, bodyPath, commands, unpushed } = end;
  const isFailed = outcome === 'failed' || outcome === 'stopped';
  if (isFailed && commands.length === 0) throw notFinished(view, { reason: summary });
  const result = { view, place: '', moved: [], commands };
  const next = [archiving(view, { when: 'once it is merged' })];
  return { ...result, done: summary, next, url, from, bodyPath, unpushed };
}

/** The last step for a session whose work has been merged. */
function archiving({ folder }: SessionView, condition: Pick<NextStep, 'when' | 'ifWanted'>): NextStep {
  return { act: 'archive', session: folder, ...condition };
}

/** The error for a command that the worker could not carry out. */
function notFinished(
  { folder }: SessionView,
  { code, reason }: Partial<EventOf<'finish_ended'>> = {},
): SamocodeError {
  const error = ACTION_ERRORS.not_finished({ session: folder, reason });
  return new SamocodeError(code ?? error.code, error.args, error);
}
