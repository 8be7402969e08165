import { decode, readPlainFile } from '../../base/files/plain-file.ts';
import { runGit } from '../../project/git/git.ts';
import { isPlanOf } from '../../session/documents/plan.ts';
import { LEDGER_NAME, withLedger } from '../../session/documents/requirements.ts';
import type { PlanVersion } from '../../session/events/bodies/positions.ts';
import { readEvents } from '../../session/events/event-log.ts';
import type { SessionEvent } from '../../session/events/events.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { MAX_DOCUMENT_BYTES } from '../../session/layout/paths.ts';
import type { ActionContext } from '../acting/context.ts';

/**
 * The last version of the plan that a person was asked about or approved, other than `text`. @returns undefined when there is none, or its text is not kept any more
 */
export async function planBefore(
  view: SessionView,
  text: string,
  context: Pick<ActionContext, 'env'>,
): Promise<string | undefined> {
  const events = sinceGoal(await readEvents(view.paths.events, 0));
  const at = events.findLastIndex((event) => {
    const asked = askedAbout(event);
    return asked !== undefined && !isPlanOf(asked.hash, text);
  });
  const before = events[at] && askedAbout(events[at]);
  if (before === undefined) return undefined;
  const approved = await readPlainFile(view.paths.approvedPlan, MAX_DOCUMENT_BYTES);
  const approvedText = approved.kind === 'bytes' ? decode(approved.bytes) : undefined;
  if (approvedText !== undefined && isPlanOf(before.hash, approvedText)) return approvedText;
  const kept = events.slice(0, at).findLast((event) => event.type === 'iteration_ended' && event.checkpoint);
  if (kept?.type !== 'iteration_ended' || kept.checkpoint === undefined) return undefined;
  const { commit } = kept.checkpoint;
  const plan = await fileIn(commit, before.name, view, context);
  const keptText = plan && withLedger(plan, await fileIn(commit, LEDGER_NAME, view, context));
  return keptText !== undefined && isPlanOf(before.hash, keptText) ? keptText : undefined;
}

function askedAbout(event: SessionEvent): PlanVersion | undefined {
  if (event.type === 'parked' || event.type === 'plan_approved') return event.plan;
  return undefined;
}

/** With a new goal everything is asked anew. */
function sinceGoal(events: readonly SessionEvent[]): readonly SessionEvent[] {
  return events.slice(
    events.findLastIndex((event) => event.type === 'resumed' && event.goal !== undefined) + 1,
  );
}

async function fileIn(
  commit: string,
  name: string,
  { sessionFile }: SessionView,
  { env }: Pick<ActionContext, 'env'>,
): Promise<string | undefined> {
  if (sessionFile === undefined) return undefined;
  const options = { cwd: sessionFile.mainRepo, baseEnv: env, allowFailure: true };
  const { exitCode, stdout } = await runGit(['cat-file', 'blob', `${commit}:session/${name}`], options);
  return exitCode === 0 ? stdout : undefined;
}
