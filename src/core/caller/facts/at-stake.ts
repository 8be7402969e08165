import { isRehearsal } from '../../agents/registry.ts';
import { counted } from '../../kernel/text.ts';
import { type DiffStat, diffStat } from '../../project/worktrees/changes.ts';
import { parsePlan } from '../../session/documents/plan.ts';
import { parseLedger, REVIEWED } from '../../session/documents/requirements.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { readEvents } from '../../session/log/event-log.ts';
import { makeProof } from '../../session/proof/make-proof.ts';
import { gravestLimits } from '../../session/proof/proof-limits.ts';
import { proofFact } from '../../session/words/facts.ts';
import { PROVED, proofWords } from '../../session/words/words.ts';
import type { ActionContext } from '../context/context.ts';
import { branchOfSession, unlessGitFails } from '../context/session-branch.ts';
import { spentText } from './spent-text.ts';

/** What is at stake in a decision: a few words for each fact, the same on every face. */
export interface Stake {
  text: string;
  /** A person must not overlook it. */
  isGrave?: true;
}

export function stakeLine(stakes: readonly Stake[]): string {
  return stakes.map(({ text }) => text).join(' · ');
}

export function questionsAtStake({
  view,
  questions,
  open,
}: {
  view: SessionView;
  questions: readonly unknown[];
  open: readonly unknown[];
}): Stake[] {
  const answered = questions.length - open.length;
  const spent = spentText(view);
  return stakes([counted(open.length, 'open question'), answered > 0 && `${answered} answered`, spent]);
}

export function planAtStake({
  view,
  text,
  ledger,
}: {
  view: SessionView;
  text: string;
  ledger: string | undefined;
}): Stake[] {
  const { phases } = parsePlan(text);
  const steps = phases.reduce((sum, phase) => sum + phase.steps.total, 0);
  const files = new Set(phases.flatMap((phase) => phase.files)).size;
  const checks = view.sessionFile?.settings.checks ?? [];
  return stakes([
    counted(phases.length, 'phase'),
    steps > 0 && counted(steps, 'step'),
    files > 0 ? counted(files, 'file') : 'no files named',
    checks.length > 0 ? `checked before done: ${checks.join(', ')}` : 'no CHECK of the project',
    requirementText(ledger),
  ]);
}

function requirementText(ledger: string | undefined): string {
  const reading = ledger === undefined ? undefined : parseLedger(ledger);
  if (reading?.kind !== 'ledger') return '';
  const { requirements } = reading;
  const reviewed = requirements.filter(({ check }) => check === REVIEWED).length;
  const byReview = reviewed > 0 ? `, ${reviewed} of them by review alone` : '';
  return `${counted(requirements.length, 'requirement')}${byReview}`;
}

/** Of finished work. @param context absent: git is not asked how much has changed */
export async function workAtStake(view: SessionView, context?: Pick<ActionContext, 'env'>): Promise<Stake[]> {
  const proof = view.isUnreadable ? undefined : makeProof(await readEvents(view.paths, 0));
  const fact = proofFact(view);
  const changed = proof && context && (await changedBetween(view, proof, context));
  const { settings } = view.sessionFile ?? {};
  const grave = [
    ...(settings && isRehearsal(settings) ? ['a rehearsal: the task was not done'] : []),
    ...(proof === undefined ? [] : gravestLimits(proof)),
  ];
  return [
    ...stakes([changed && sizeText(changed), fact && `${PROVED[fact.how]}: ${proofWords(fact)}`]),
    ...grave.map((text): Stake => ({ text, isGrave: true })),
  ];
}

const MOST_FILES = 12;

/** The files that a merge would bring, with their changed lines, in one line. */
export async function filesAtStake(
  view: SessionView,
  commits: Commits,
  context: Pick<ActionContext, 'env'>,
): Promise<string | undefined> {
  const stat = await changedBetween(view, commits, context);
  if (stat === undefined || stat.fileCount === 0) return undefined;
  const named = stat.files
    .slice(0, MOST_FILES)
    .map(({ path, insertions, deletions }) =>
      insertions === null || deletions === null ? `${path} (binary)` : `${path} +${insertions} −${deletions}`,
    );
  const more = stat.fileCount > named.length ? ` and ${stat.fileCount - named.length} more` : '';
  return `${sizeText(stat)}: ${named.join(', ')}${more}.`;
}

interface Commits {
  baseCommit: string;
  commit: string;
}

/** Commits do not change, so git is asked once about two of them, and the newest are kept. */
const known = new Map<string, DiffStat>();
const MOST_KNOWN = 50;

async function changedBetween(
  view: SessionView,
  { baseCommit: base, commit: head }: Commits,
  context: Pick<ActionContext, 'env'>,
): Promise<DiffStat | undefined> {
  const key = `${base}..${head}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const stat = await unlessGitFails(async () => {
    const own = await branchOfSession(view, context);
    return own && (await diffStat({ ...own.git, base, head }));
  }, undefined);
  if (stat === undefined) return undefined;
  known.set(key, stat);
  for (const oldest of known.size > MOST_KNOWN ? [...known.keys()].slice(0, 1) : []) known.delete(oldest);
  return stat;
}

function sizeText({ fileCount, insertions, deletions }: DiffStat): string {
  return `${counted(fileCount, 'file')} +${insertions} −${deletions}`;
}

function stakes(texts: readonly (string | false | undefined)[]): Stake[] {
  return texts.flatMap((text) => (text ? [{ text }] : []));
}
