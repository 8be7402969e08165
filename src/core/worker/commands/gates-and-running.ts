import { join } from 'node:path';
import { ensurePlainFolder } from '../../kernel/files/append-lines.ts';
import { writeWhole } from '../../kernel/files/atomic-file.ts';
import { stampsAt } from '../../kernel/files/stamps.ts';
import { describeLimits, limitsAbove } from '../../kernel/phases/limits.ts';
import { cut } from '../../kernel/text.ts';
import { judgeAnswer, judgeApprove, judgeRequestChanges } from '../../session/commands/judge-gates.ts';
import {
  BY_SETTINGS,
  judgeMessage,
  judgeStart,
  judgeStop,
  judgeWithdraw,
} from '../../session/commands/judge-running.ts';
import { refused } from '../../session/commands/refused.ts';
import { openedBy } from '../../session/documents/describe-event.ts';
import { inboxFileName, inboxMessage } from '../../session/documents/inbox.ts';
import { MAX_MESSAGE_LINE } from '../../session/events/bodies/event-types.ts';
import type { FrozenSettings } from '../../session/events/bodies/session-file.ts';
import type { By } from '../../session/events/bodies/who-acted.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { readEvents } from '../../session/log/event-log.ts';
import { moveMessages } from '../record/messages.ts';
import { planApproved } from '../record/plan-approved.ts';
import { readPlanEvidence, readQuestions } from '../state/evidence.ts';
import type { Handler } from '../state/extension.ts';
import { stoppedEvent } from '../state/interrupts.ts';
import { readAgentRecord } from '../state/iteration.ts';
import { endAgentTree } from '../state/processes.ts';
import { stateOf, type Worker } from '../state/worker.ts';
import { WORKER_ERRORS } from '../state/worker-errors.ts';

/** Records a person's answers, which open the first gate. */
export const answer: Handler<'answer'> = async (worker, command) => {
  const facts = { ...(await readQuestions(worker)), ...worker.file.settings };
  const verdict = judgeAnswer(command, stateOf(worker), facts);
  if (verdict.kind === 'refused') return verdict;
  const { answers, open, replaced } = verdict;
  const given = answers.map(({ id }) => id).join(', ');
  const flow = `Answers recorded: ${given}${open.length > 0 ? `; open: ${open.join(', ')}` : ''}`;
  return { events: [{ type: 'answers_recorded', by: command.by, answers, replaced, open, flow }] };
};

/** Records a person's approval of the current plan, which opens the second gate. */
export const approve: Handler<'approve'> = async (worker, command) => {
  const { version, text } = await readPlanEvidence(worker);
  const plan = version && text !== undefined ? { ...version, text } : undefined;
  const verdict = judgeApprove(command, stateOf(worker), { plan, ...worker.file.settings });
  if (verdict.kind === 'refused') return verdict;
  const approved = await planApproved(worker, command.by, verdict);
  return { events: [...(await answersSeen(worker, command.by)), approved] };
};

/** Sends the plan back with the person's comments. */
export const takeChangeRequest: Handler<'request_changes'> = async (worker, command) => {
  const verdict = judgeRequestChanges(command, stateOf(worker), worker.file.settings);
  if (verdict.kind === 'refused') return verdict;
  const { by, feedback } = command;
  const flow = `Changes to the plan requested: ${feedback.split('\n')[0]}`;
  const answers = await answersSeen(worker, by);
  return { events: [...answers, { type: 'changes_requested', by, feedback, flow }] };
};

/** The answers to record first, because a person can decide about a plan before the session's first agent has run. */
async function answersSeen(worker: Worker, by: By): Promise<NewEvent[]> {
  return stateOf(worker).prepared ? [] : await currentAnswers(worker, by);
}

/** Records the answers in `_qa.md` as answers of `by`. */
async function currentAnswers(worker: Worker, by: By): Promise<NewEvent[]> {
  const { unconfirmed: answers, open } = await readQuestions(worker);
  if (answers.length === 0) return [];
  const ids = answers.map(({ id }) => id);
  const left = open.filter((id) => !ids.includes(id));
  const flow = `Answers confirmed as they were: ${ids.join(', ')}`;
  return [{ type: 'answers_recorded', by, answers, open: left, flow }];
}

const PLAN_GIVEN = {
  kind: 'park',
  phase: 'planning',
  for: 'plan_approval',
  resumePhase: 'implementation',
} as const;

/** Creates the session; the worker's next step makes its folder, overview and worktree. */
export const start: Handler<'start'> = async (worker, { by, run }) => {
  const { file, given } = worker;
  const { settings, id, task, dive, folder, takenOver, sandbox, way, givenPlan } = file;
  const verdict = judgeStart({ by }, stateOf(worker), settings, worker.file);
  if (verdict.kind === 'refused') return verdict;
  const created = {
    type: 'session_created',
    sessionId: id,
    runWanted: run,
    by,
    file,
    given,
    sandbox,
    platform: process.platform,
  } as const;
  const begun: NewEvent[] = way === undefined ? [created] : [created, { type: 'way_chosen', way }];
  if (way === 'plan') {
    // Its plan waits for a person before anything else is made.
    const flow = `Session started with a plan: ${givenPlan?.name ?? folder}${raisedText(settings, by)}`;
    return { events: [...begun, { type: 'taken_over', totalIterations: 0, decision: PLAN_GIVEN, flow }] };
  }
  if (takenOver === undefined) {
    const quickly = way === 'quick' ? ', without questions and a plan' : '';
    const flow = `Session started${quickly}: ${(task ?? dive ?? folder).split('\n')[0]}${raisedText(settings, by)}`;
    return { events: [{ ...created, flow }, ...begun.slice(1)] };
  }
  const flow = `Taken over in ${takenOver.decision.phase}`;
  // Gates that the settings omit are open.
  const answers = settings.gates.includes('qa') ? [] : await currentAnswers(worker, BY_SETTINGS);
  return { events: [created, { type: 'taken_over', ...takenOver, flow }, ...answers] };
};

/** Who raised limits of the file for this session, as for a gate that was opened at the start. */
function raisedText({ limits, fileLimits = {} }: FrozenSettings, by: By): string {
  const raised = limitsAbove(limits.session, fileLimits);
  if (raised.length === 0) return '';
  const session = Object.fromEntries(raised.map(({ limitName, asked }) => [limitName, asked]));
  return `; limits above those of the file: ${describeLimits({ session, phases: {} })}, set by ${openedBy(by)}`;
}

/** Keeps a person's message for the next agent. */
export const message: Handler<'message'> = async ({ paths, writer }, command) => {
  const verdict = judgeMessage(command, writer.state);
  if (verdict.kind === 'refused') return verdict;
  const { id, by, text, at } = command;
  const { file: stamp } = stampsAt(Date.parse(at));
  const file = inboxFileName({ stamp, id });
  // Written before its event: a file without an event is never delivered.
  ensurePlainFolder(paths.inbox);
  await writeWhole(join(paths.inbox, file), inboxMessage({ id, stamp, channel: by.channel, text }));
  const [first = ''] = text.split('\n');
  const flow = `Message from the human: ${first}`;
  return { events: [{ type: 'message_kept', by, id, file, line: cut(first, MAX_MESSAGE_LINE), flow }] };
};

/** Takes a message back that no agent has received. */
export const withdraw: Handler<'withdraw_message'> = async (worker, { by, message: id }) => {
  const { paths } = worker;
  const verdict = judgeWithdraw({ message: id }, stateOf(worker), await readEvents(paths, 0));
  if (verdict.kind === 'refused') return verdict;
  // Moved before its event: after a crash between the two, the command is still queued.
  await moveMessages(worker, [id], paths.withdrawn);
  return { events: [{ type: 'message_withdrawn', by, id, flow: `Message withdrawn by the human: ${id}` }] };
};

export const stop: Handler<'stop'> = async (worker, { by, when }) => {
  const verdict = judgeStop(stateOf(worker));
  if (verdict.kind === 'refused') return verdict;
  if (verdict.how === 'request') return { events: [{ type: 'stop_requested', by, when }] };
  const { openIteration } = verdict;
  // A stopped session has no agent: end one that outlived a block first.
  const child = openIteration && (await readAgentRecord(worker, openIteration.iteration));
  const end = openIteration && (await endAgentTree(worker, child, { leftoversOnly: true }));
  if (end?.kind === 'immortal') return refused(WORKER_ERRORS.child_immortal({ pids: end.pids }));
  return { events: [stoppedEvent(by)] };
};
