import type { WaitingFor } from '../phases/table.ts';
import { isLost } from '../session/session-list.ts';
import type { WaitingStatus } from '../session/state.ts';
import type { SessionView } from '../session/status.ts';

const AFTER_WAITING: Readonly<Record<WaitingFor, string>> = {
  qa_answers: 'read_qa; put the questions to the human; answer_qa',
  plan_approval: 'read_plan; show it to the human; approve_plan or request_changes as they say',
  file_update: 'ask the human to change the file named in says; it goes on by itself',
  human_action: 'tell the human what says.reason asks for; when done, resume_session',
};

/** The exact call, or the words for the human, that a session's state asks for. */
export function nextStep(view: SessionView): string {
  const { state, isForeign, problems } = view;
  const { status } = state;
  if (state.archived) return 'finish_session (how: unarchive) brings it back, if the human wants that';
  if (isLost(view)) return 'tell the human what problems says; nothing goes on before';
  if (view.isUnseen) return 'tell the human what problems says; only they can take it over';
  switch (status.kind) {
    case 'starting':
    case 'queued':
    case 'running':
    case 'limited':
      return 'wait';
    case 'waiting':
      return afterWaiting(status);
    case 'blocked':
      return 'tell the human says.reason; once it is settled, resume_session (note: what was decided)';
    case 'stopped':
      if (!isForeign) return 'resume_session, when the human wants it to go on';
      if (problems.length === 0 && hasSomethingToDecide(status.parked))
        return `if the human wants it to go on: ${afterWaiting(status.parked)}`;
      return problems.length > 0
        ? 'tell the human what problems says; then resume_session takes it over, if the human wants that'
        : 'resume_session takes it over, if the human wants that';
    case 'done':
      return 'tell the human says.summary and where the branch is';
    default:
      return status satisfies never;
  }
}

function afterWaiting({ for: waitsFor, plan }: WaitingStatus): string {
  return waitsFor === 'plan_approval' && plan === undefined
    ? 'request_changes, with what the plan should hold: there is none yet'
    : AFTER_WAITING[waitsFor];
}

/** Otherwise the worker that takes the folder over asks first. */
function hasSomethingToDecide(wait: WaitingStatus | undefined): wait is WaitingStatus {
  return wait !== undefined && (wait.for === 'plan_approval' || wait.openQuestions.length > 0);
}
