import type { CommandOf } from '../../session/commands.ts';
import { describeBy } from '../../session/describe-event.ts';
import { isHashOf } from '../../session/plan.ts';
import type { WaitingStatus } from '../../session/state.ts';
import { keepApprovedPlan } from '../approved-plan.ts';
import { type CommandOutcome, Refusal } from '../command-outcome.ts';
import { readPlanEvidence } from '../evidence.ts';
import { closedChannel } from '../gate-channel.ts';
import { stateOf, type Worker } from '../worker.ts';

/** Records a person's approval of the plan as it stands: the human act that opens the second gate. */
export async function approve(
  worker: Worker,
  command: CommandOf<'approve'>,
): Promise<CommandOutcome | Refusal> {
  const wait = approvalWait(worker);
  if (wait instanceof Refusal) return wait;
  const closed = closedChannel(worker, command.by);
  if (closed) return closed;
  const { version, text } = await readPlanEvidence(worker);
  if (version === undefined || text === undefined) {
    return new Refusal('no_plan', 'The plan document is gone.', 'Ask for a new one with request_changes.');
  }
  if (command.hash !== undefined && !isHashOf(command.hash, version.hash)) {
    const hint = 'Read it again with read_plan, then approve the hash that it gives.';
    return new Refusal('plan_changed', 'The plan is not the one that was read: its hash differs.', hint);
  }
  await keepApprovedPlan(worker, text);
  const { by } = command;
  const flow = `Plan approved by ${describeBy(by)}: ${version.name}`;
  return { events: [{ type: 'plan_approved', by, plan: version, phase: wait.resumePhase, flow }] };
}

/** Sends the plan back with the person's words. */
export async function requestChanges(
  worker: Worker,
  command: CommandOf<'request_changes'>,
): Promise<CommandOutcome | Refusal> {
  const wait = approvalWait(worker);
  if (wait instanceof Refusal) return wait;
  const { by, feedback } = command;
  if (feedback.trim() === '') {
    return new Refusal('empty_feedback', 'No change was named.', 'Say what should be different in the plan.');
  }
  const flow = `Changes to the plan requested: ${feedback.split('\n')[0]}`;
  return { events: [{ type: 'changes_requested', by, feedback, flow }] };
}

function approvalWait(worker: Worker): WaitingStatus | Refusal {
  const { status } = stateOf(worker);
  if (status.kind === 'waiting' && status.for === 'plan_approval') return status;
  return new Refusal('nothing_waits', 'No plan waits for approval.', 'Look with get_status.');
}

// A person may type the beginning of a hash, as of a commit.
