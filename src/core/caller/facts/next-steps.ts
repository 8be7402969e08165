import { type Act, type NextStep, TO_FILL } from '../../kernel/acts.ts';
import { PERSONAL } from '../../kernel/phases/channels.ts';
import type { WaitingFor } from '../../kernel/phases/table.ts';
import { isResumedByModel } from '../../session/commands/judge-running.ts';
import { endNow } from '../../session/events/open-work.ts';
import type { WaitingStatus } from '../../session/events/state.ts';
import { isLost } from '../../session/folder/session-list.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { isMerged } from '../../session/waits/start-order.ts';

/** @param asked which questions or plan its reader has just been shown */
export function nextSteps(view: SessionView, asked?: NextStep['args']): NextStep[] {
  return stepsOf(view).map((step) => ({ ...step, session: view.folder, ...atGate(step, view, asked) }));
}

/** A step that opens a gate or undoes a block, with the channels that may take it. */
function atGate(
  { act }: NextStep,
  { sessionFile, state }: SessionView,
  args: NextStep['args'],
): Partial<NextStep> {
  const by = sessionFile?.settings.gateChannels;
  if (act === 'answer_questions' || act === 'decide_plan') return { args, by };
  const isAtGate = act === 'begin_round' || (act === 'request_changes' && !state.prepared);
  if (UNDO_A_BLOCK.includes(act) && isResumedByModel(state)) return { by: PERSONAL };
  // No form asks for these.
  return isAtGate ? { by: by?.filter((channel) => channel !== 'elicitation') } : {};
}

const UNDO_A_BLOCK: readonly Act[] = ['raise_limits', 'resume', 'settle_blocker'];

function stepsOf(view: SessionView): NextStep[] {
  const { state } = view;
  const { status } = state;
  if (view.otherBuild?.is === 'newer') return [{ act: 'fix_problems' }];
  if (view.otherBuild?.is === 'elsewhere')
    return [
      ...(view.worker === 'alive' ? [{ act: 'stop' } as const] : []),
      { act: 'import_with_log', when: 'if the session is yours' },
    ];
  if (endNow(state) !== undefined) return [FOLLOW];
  if (state.archived) return [{ act: 'unarchive', ifWanted: true }];
  if (isLost(view)) return [{ act: 'fix_problems' }];
  if (view.otherBuild !== undefined) return [{ act: 'archive' }];
  if (view.isUnseen)
    return [{ act: 'take_over', when: 'if the machine that problems names is gone for good' }];
  switch (status.kind) {
    case 'queued':
      return status.order ? [FOLLOW, { act: 'resume', when: 'to start it now' }] : [FOLLOW_QUEUED];
    case 'starting':
    case 'running':
      return [FOLLOW];
    case 'limited':
      return status.kept ? [FOLLOW, USE_KEPT] : [FOLLOW];
    case 'waiting':
      return [afterWaiting(status)];
    case 'blocked':
      if (status.next) return [...status.next];
      if (status.rule === 'auth') return [AFTER_LOGIN];
      if (isOfQuickAgent(view)) return AFTER_QUICK;
      // Only a person who saw the list accepts programs that git would start.
      return [{ act: 'settle_blocker', ...(status.rule === 'git_programs_changed' && { by: ['cli'] }) }];
    case 'stopped':
      return [{ act: 'resume', ifWanted: true }];
    case 'done':
      return stepsOfDone(view);
    default:
      return status satisfies never;
  }
}

const FOLLOW: NextStep = { act: 'follow' };
/** The reason of the state names the limit, this the settings. */
const FOLLOW_QUEUED: NextStep = {
  act: 'follow',
  when: 'until a slot is free, or MAX_PARALLEL, MAX_PARALLEL_ON_MACHINE or MAX_COST_USD_PER_DAY is raised',
};
const USE_KEPT: NextStep = { act: 'resume', when: 'to use the rest until that window ends', by: PERSONAL };
const AFTER_LOGIN: NextStep = { act: 'resume', when: 'once the agent CLI is logged in' };

/** The agents of quick work found nothing to do, or no way to do it. */
function isOfQuickAgent({ state: { status, progress } }: SessionView): boolean {
  const isTheirs =
    status.kind === 'blocked' && (status.rule === 'child_blocked' || status.rule === 'false_done');
  return isTheirs && progress.way === 'quick';
}

const AFTER_QUICK: NextStep[] = [
  { act: 'settle_blocker' },
  { act: 'finish', args: { how: 'discard' }, when: 'if there is nothing to do' },
  { act: 'start', when: 'to run it in full, with questions and a plan' },
];

function stepsOfDone(view: SessionView): NextStep[] {
  const { pullRequest } = view.state;
  const more: NextStep = { act: 'resume', args: { goal: TO_FILL }, ifWanted: true };
  if (isMerged(view)) return [{ act: 'archive', ifWanted: true }, more];
  if (pullRequest?.state === 'open' && pullRequest.asks !== undefined)
    return [{ act: 'begin_round', when: 'once that is settled' }, more];
  // If the pull request is not watched, only the person knows when it is merged.
  if (pullRequest?.state === 'open')
    return pullRequest.watched ? [more] : [{ act: 'archive', when: 'once it is merged' }, more];
  return [
    { act: 'read_summary' },
    { act: 'finish', args: { how: TO_FILL }, ifWanted: true },
    { act: 'make_report', ifWanted: true },
    { act: 'verify', ifWanted: true },
    more,
  ];
}

const AFTER_WAITING: Readonly<Record<WaitingFor, NextStep>> = {
  qa_answers: { act: 'answer_questions' },
  plan_approval: { act: 'decide_plan' },
  file_update: { act: 'change_file' },
  human_action: { act: 'do_what_it_asks' },
};

function afterWaiting({ for: waitsFor, plan }: WaitingStatus): NextStep {
  return waitsFor === 'plan_approval' && plan === undefined
    ? { act: 'request_changes', when: 'there is no plan yet', args: { feedback: TO_FILL } }
    : AFTER_WAITING[waitsFor];
}
