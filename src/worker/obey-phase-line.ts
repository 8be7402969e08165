import { PHASE_NAMES, type Phase, phaseNamed } from '../phases/table.ts';
import { readOverview } from '../session/overview.ts';
import { readDocument } from './evidence.ts';
import { record, stateOf, type Worker } from './worker.ts';

/**
 * A `Phase:` line that differs while no child runs was written by a person: a child's is put back at its
 * end. It is obeyed and recorded, but never jumps a closed gate. @returns true when something was recorded
 */
export async function obeyPhaseLine(worker: Worker): Promise<boolean> {
  const text = await readDocument(worker.paths.overview);
  const written = text === undefined ? undefined : readOverview(text).phase;
  const phase = written === undefined ? undefined : phaseNamed(written);
  const from = stateOf(worker).progress.phase;
  if (phase === undefined || phase === from) return false;
  const closed = closedGateBefore(worker, phase);
  if (closed === undefined) {
    const flow = `Phase set from ${from} to ${phase} by hand`;
    await record(worker, { type: 'phase_set', phase, from, flow });
  } else {
    const reason = `The Phase line names ${phase}, but ${closed}. It was put back to ${from}.`;
    await record(worker, { type: 'notice', code: 'gate_closed', text: reason });
  }
  return true;
}

function closedGateBefore(worker: Worker, target: Phase): string | undefined {
  const { answers, approvedPlan } = stateOf(worker);
  const { gates } = worker.file.settings;
  const order = PHASE_NAMES.indexOf(target);
  const behind = (gate: Phase) => order > PHASE_NAMES.indexOf(gate);
  if (behind('requirements') && gates.includes('qa') && answers.length === 0)
    return 'no question was answered yet';
  if (behind('planning') && gates.includes('plan') && approvedPlan === undefined)
    return 'no plan is approved yet';
  return undefined;
}
