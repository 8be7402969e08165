import { join } from 'node:path';
import type { ParkDecision } from '../../phases/decision.ts';
import { refusedServers } from '../../session/commands/judge-gates.ts';
import { openedAtStart } from '../../session/commands/judge-running.ts';
import { describeBy } from '../../session/documents/describe-event.ts';
import { documentFingerprint } from '../../session/documents/documents.ts';
import { suggestedAnswers } from '../../session/documents/qa.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { readPlanEvidence, readQuestions } from '../core/evidence.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { askAboutWeakened, askNothingToClarify, markWaiting } from './own-questions.ts';
import { planApproved } from './plan-approved.ts';

/** The events with which a session begins to wait, and those of a gate that opens by a choice of its start. */
export async function recordParked(worker: Worker, decision: ParkDecision): Promise<NewEvent[]> {
  switch (decision.for) {
    case 'qa_answers':
      return await parkForAnswers(worker, decision);
    case 'plan_approval':
      return await parkForApproval(worker, decision);
    case 'file_update':
    case 'human_action': {
      const path = decision.file === undefined ? undefined : join(worker.paths.sessionDir, decision.file);
      const fileHash = path === undefined ? undefined : ((await documentFingerprint(path)) ?? '');
      const flow = `Waiting for ${decision.for}${decision.reason ? `: ${decision.reason}` : ''}`;
      return [{ ...parked(decision), fileHash, flow }];
    }
    default:
      return decision.for satisfies never;
  }
}

async function parkForAnswers(worker: Worker, decision: ParkDecision): Promise<NewEvent[]> {
  if (decision.askNothingToClarify) await askNothingToClarify(worker);
  const weakened = decision.weakened && (await askAboutWeakened(worker, decision.weakened, decision));
  await markWaiting(worker);
  const { questions, open, unconfirmed, fileHash } = await readQuestions(worker);
  const wait: NewEvent = {
    ...parked(decision),
    openQuestions: open,
    unconfirmed,
    weakened,
    fileHash: fileHash ?? '',
    flow: `Waiting for answers: ${open.join(', ')}`,
  };
  const by = openedAtStart('qa', worker.file.settings, stateOf(worker).startedBy);
  if (by === undefined) return [wait];
  const answers = suggestedAnswers({ questions, open });
  // Accepted without a look, the question about weakened checks would be no question.
  if (answers.length === 0 && weakened !== undefined) return [wait];
  const given = new Set(answers.map(({ id }) => id));
  const left = open.filter((id) => !given.has(id));
  const flow = `Suggestions accepted by ${describeBy(by)}`;
  return [wait, { type: 'answers_recorded', by, answers, open: left, flow }];
}

async function parkForApproval(worker: Worker, decision: ParkDecision): Promise<NewEvent[]> {
  const { version, text } = await readPlanEvidence(worker);
  const wait: NewEvent = {
    ...parked(decision),
    plan: version,
    flow: `Waiting for approval of the plan${version ? `: ${version.name}` : ''}`,
  };
  const by = openedAtStart('plan', worker.file.settings, stateOf(worker).startedBy);
  if (version === undefined || text === undefined || by === undefined) return [wait];
  const { gateChannels } = worker.file.settings;
  const unaccepted = refusedServers(by, { name: version.name, text }, gateChannels);
  if (unaccepted) {
    const { what, why } = unaccepted.error;
    return [{ ...wait, reason: [decision.reason, what, why].filter(Boolean).join(' ') }];
  }
  return [wait, await planApproved(worker, by, { plan: version, text, phase: decision.resumePhase })];
}

function parked(decision: ParkDecision): Extract<NewEvent, { type: 'parked' }> {
  const { for: waitsFor, resumePhase, reason, file } = decision;
  return { type: 'parked', for: waitsFor, resumePhase, openQuestions: [], unconfirmed: [], reason, file };
}
