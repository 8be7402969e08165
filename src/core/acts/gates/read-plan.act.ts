import { join } from 'node:path';
import { readMcpServers } from '../../agents/contract/mcp-file.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../caller/context/find-session.ts';
import { READING_ERRORS } from '../../caller/errors/reading-errors.ts';
import { planAtStake, stakeLine } from '../../caller/facts/at-stake.ts';
import { furtherRemarks } from '../../caller/facts/further-remarks.ts';
import { nextSteps } from '../../caller/facts/next-steps.ts';
import type { NextStep } from '../../kernel/acts.ts';
import { namesAt } from '../../kernel/files/path-stats.ts';
import { decode, readPlainFile } from '../../kernel/files/plain-file.ts';
import { counted, cut, visibleControls } from '../../kernel/text.ts';
import { runGit } from '../../project/git/git.ts';
import { commandLines, isAsGiven } from '../../session/documents/as-plan.ts';
import { asGivenLines, coverageLines, givenTask } from '../../session/documents/given-plan.ts';
import { oneLine } from '../../session/documents/markdown-lines.ts';
import { currentPlanOf, isPlanOf, parsePlan, planChanges, planHash } from '../../session/documents/plan.ts';
import { plannedOldTests } from '../../session/documents/plan-old-tests.ts';
import { describeServers, planServers } from '../../session/documents/plan-servers.ts';
import { LEDGER_NAME, ledgerText, withLedger } from '../../session/documents/requirements.ts';
import type { PlanVersion } from '../../session/events/bodies/positions.ts';
import type { GivenPlan } from '../../session/events/bodies/session-file.ts';
import type { SessionEvent } from '../../session/events/events.ts';
import { hasNothingPending } from '../../session/events/rest.ts';
import { gateOf } from '../../session/folder/read-session.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { MAX_DOCUMENT_BYTES } from '../../session/layout/paths.ts';
import { readEvents } from '../../session/log/event-log.ts';
import { NO_QUESTION } from '../../session/words/facts.ts';
import { fromChat } from './from-chat.ts';

export interface PlanReport {
  view: SessionView;
  name: string;
  /** The agent's own text, with the requirements that an approval covers. */
  text: string;
  /** The text of the file with those requirements. */
  ledger: string | undefined;
  /** Identifies the version in an approval: covers everything but checkboxes and notes. */
  hash: string;
  state: 'waits_for_approval' | 'approved' | 'draft';
  /** The MCP servers that the plan proposes, one line each; empty if none. */
  servers: string[];
  /** What lowers the proof or was not asked, one line each: shown before everything that the plan says. */
  warnings: string[];
  /** samocode's remarks on the plan, one line each: which boxes of a given plan it covers, and those of extensions. */
  remarks: string[];
  /** At the first gate: what its agent took from the chat that the session carries on. */
  fromChat: string | undefined;
  /** The differences from the version that a person was last asked about, line by line; absent for the first one. */
  changes?: string[];
}

/** Reads the plan that waits for approval, otherwise the approved one, otherwise the newest draft. */
export async function readPlan(question: SessionQuestion, context: ActionContext): Promise<PlanReport> {
  const view = await findSession(question, context);
  const read = await readPlanOf(view);
  if (read.state !== 'waits_for_approval') return read;
  const further = await furtherRemarks(view, { plan: read.text, env: context.env });
  const plan = { ...read, remarks: [...read.remarks, ...further] };
  const before = await planBefore(view, plan.text, context);
  return before === undefined ? plan : { ...plan, changes: planChanges(before, plan.text).lines };
}

export async function readPlanOf(view: SessionView): Promise<PlanReport> {
  const { approvedPlan } = view.state;
  const waiting = gateOf(view)?.plan;
  if (waiting) return await readVersion(view, waiting.name, 'waits_for_approval');
  if (approvedPlan) return await readVersion(view, approvedPlan.name, 'approved');
  const name = currentPlanOf(namesAt(view.paths.sessionDir) ?? [], view.folder, view.state.oldPlans);
  if (name === undefined) throw noPlan(view);
  return await readVersion(view, name, 'draft');
}

async function readVersion(view: SessionView, name: string, state: PlanReport['state']): Promise<PlanReport> {
  const reading = await readPlainFile(join(view.paths.sessionDir, name), MAX_DOCUMENT_BYTES);
  if (reading.kind !== 'bytes')
    throw noPlan(view, { name, problem: reading.kind === 'missing' ? 'gone' : reading.problem });
  const ledger = await ledgerText(view.paths);
  const text = withLedger(decode(reading.bytes), ledger);
  const servers = await serverLines(view, text);
  const { testing } = parsePlan(text);
  const warnings = [
    ...(gateOf(view)?.unasked ? [NO_QUESTION] : []),
    ...(testing ? [cut(visibleControls(testing.line), MAX_WARNING)] : []),
    ...plannedOldTests(text).files.map(({ path, why }) =>
      cut(visibleControls(`An old test changes, ${path}: ${why}`), MAX_WARNING),
    ),
  ];
  const remarks = await remarksOn(view, text, ledger);
  return {
    ...{ view, name, text, ledger, state, servers, warnings, remarks },
    hash: planHash(text),
    fromChat: await fromChat(view),
  };
}

const MAX_WARNING = 300;

/** A given plan counts only for the session's first goal. */
async function remarksOn(view: SessionView, text: string, ledger: string | undefined): Promise<string[]> {
  const { sessionFile } = view;
  const given = await givenPlanOf(view);
  return [
    ...(given && sessionFile?.way === 'plan'
      ? aboutCarriedOut(given, sessionFile.task, { text, ledger })
      : []),
    ...(given && sessionFile?.way !== 'plan' ? coverageLines(given, text) : []),
  ];
}

async function givenPlanOf({ sessionFile, state, paths }: SessionView): Promise<GivenPlan | undefined> {
  const { givenPlan } = sessionFile ?? {};
  if (givenPlan === undefined || state.goal !== undefined) return undefined;
  const created = (await readEvents(paths, 0)).find((event) => event.type === 'session_created');
  return { ...givenPlan, text: created?.given?.plan ?? '' };
}

/** No agent wrote it, so what a reader must not overlook comes first: the commands, each whole. */
function aboutCarriedOut(
  given: GivenPlan,
  task: string | undefined,
  { text, ledger }: { text: string; ledger: string | undefined },
): string[] {
  const note = task === givenTask(given) ? undefined : task;
  return [
    ...commandLines(text, ledger),
    ...(isAsGiven(given, planHash(text)) ? asGivenLines(given, text) : coverageLines(given, text)),
    ...(note === undefined ? [] : [`Note to its agents: ${visibleControls(oneLine(note))}`]),
  ];
}

function noPlan(view: SessionView, file?: { name: string; problem: string }) {
  const { folder: session, state } = view;
  const isWaiting = hasNothingPending(view) || gateOf(view);
  const next: NextStep[] = isWaiting
    ? nextSteps(view)
    : [{ act: 'follow', session, when: 'until it has one' }];
  return READING_ERRORS.no_plan({ session, phase: state.progress.phase, file, next });
}

/** The last other version that a person was asked about or approved; undefined if its text was not kept. */
async function planBefore(
  view: SessionView,
  text: string,
  context: Pick<ActionContext, 'env'>,
): Promise<string | undefined> {
  const events = eventsSinceNewGoal(await readEvents(view.paths, 0));
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

/** A new goal restarts the approval. */
function eventsSinceNewGoal(events: readonly SessionEvent[]): readonly SessionEvent[] {
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

async function serverLines({ sessionFile }: SessionView, plan: string): Promise<string[]> {
  const { servers, problems } = planServers(plan);
  if (problems.length > 0) return [`The MCP servers of this plan cannot be read: ${problems.join(' ')}`];
  const mcpPath = sessionFile?.settings.mcpPath;
  if (servers.length === 0 || mcpPath === undefined) return describeServers(servers);
  return describeServers(servers, Object.keys(await readMcpServers(mcpPath)));
}

/** A plan in a few lines, for a person who approves it without reading all of it. */
export interface PlanBrief {
  /** For example `2. Parse the table (3 files; check: npm test)`. */
  phases: string[];
  /** How large it is, and what is checked before the session is done. */
  stake: string;
}

const MAX_PHASES = 12;

export function planBrief(plan: PlanReport): PlanBrief {
  const { phases } = parsePlan(plan.text);
  const lines = phases.map(({ number, name, files, check }) => {
    const facts = [files.length > 0 && counted(files.length, 'file'), check && `check: ${check}`];
    const known = facts.filter(Boolean).join('; ');
    return `${number}. ${name}${known && ` (${known})`}`;
  });
  const left = lines.length - MAX_PHASES;
  return {
    phases: left > 0 ? [...lines.slice(0, MAX_PHASES), `… and ${left} more`] : lines,
    stake: stakeLine(planAtStake(plan)),
  };
}
